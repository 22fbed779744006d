"""distload for Spack 1.0 or newer; jobs/packages/README.md says how to use it."""

import pathlib

from spack_repo.builtin.build_systems.cmake import CMakePackage, generator
from spack_repo.builtin.build_systems.cuda import CudaPackage

from spack.package import *


class Distload(CMakePackage, CudaPackage):
    """Loads large language models from safetensors and HDF5 onto any tensor, pipeline and data
    parallel topology of MPI ranks, and saves, converts and reshards checkpoints."""

    # The repository that has this file.
    git = pathlib.Path(__file__).resolve().parents[7].as_uri()

    license("Apache-2.0")

    version("main", branch="main")
    version("0.1.0", branch="main")

    generator("ninja")

    depends_on("c", type="build")
    depends_on("cxx", type="build")
    depends_on("cmake@3.25:", type="build")

    depends_on("mpi@3.1:")
    depends_on("hdf5@1.10: +mpi")
    depends_on("kokkos@4.5:4 +openmp +pic cxxstd=20")
    depends_on("yaml-cpp@0.7:")
    depends_on("spdlog@1.10:")
    depends_on("nlohmann-json@3.11:")
    depends_on("cli11@2.3:")
    depends_on("xxhash@0.8:")
    depends_on("liburing@2.3:")
    depends_on("openssl@3:")

    with when("+cuda"):
        depends_on("nccl")
        depends_on("cuda@12.8:")
        for architecture in CudaPackage.cuda_arch_values:
            depends_on(
                f"kokkos +cuda +wrapper cuda_arch={architecture}",
                when=f"cuda_arch={architecture}",
            )

    conflicts("%gcc@:11", msg="distload needs C++20")
    requires("platform=linux", msg="distload reads by io_uring")

    sanity_check_is_file = ["bin/distload", "lib/cmake/distload/distloadConfig.cmake"]

    def cmake_args(self):
        return [
            self.define_from_variant("DISTLOAD_ENABLE_CUDA", "cuda"),
            self.define("DISTLOAD_BUILD_TESTS", False),
            self.define("DISTLOAD_WARNINGS_AS_ERRORS", False),
            self.define("CMAKE_INSTALL_LIBDIR", "lib"),
        ]

    def setup_run_environment(self, env):
        env.set("DISTLOAD_ROOT", self.prefix)

    def test_version(self):
        """the program starts"""
        distload = which(self.prefix.bin.distload)
        assert "distload" in distload("--version", output=str.split, error=str.split)
