"""Every failure is the exception of its kind."""
import os
import signal
import subprocess
import sys
import textwrap

import pytest

import distload


def test_classes_have_the_exit_codes_of_the_program():
    codes = {name: getattr(distload, name).exit_code for name in distload.__all__ if isinstance(getattr(distload, name), type) and issubclass(getattr(distload, name), distload.Error)}
    assert codes == {"Error": 1, "InternalError": 1, "UsageError": 2, "ConfigError": 3, "NoValidCheckpoint": 4, "CorruptData": 5, "IoError": 6,
                     "CommunicationError": 7, "OutOfBudget": 8, "NothingToCompare": 9, "OutputsDiffer": 10}


def test_no_checkpoint(tmp_path):
    with pytest.raises(distload.NoValidCheckpoint):
        distload.load(tmp_path / "missing")


def test_unknown_argument(llama):
    with pytest.raises(distload.ConfigError, match="argument tensor_paralel is not known"):
        distload.load(llama, tensor_paralel=2)


def test_wrong_value_names_its_argument(llama):
    with pytest.raises(distload.ConfigError, match="argument engine"):
        distload.load(llama, engine="fast")


def test_topology_that_does_not_fit(llama):
    with pytest.raises(distload.ConfigError, match="np"):
        distload.load(llama, tensor_parallel=4)


def test_corrupt_data(llama, tmp_path):
    distload.save(distload.load(llama), tmp_path, step=1)
    path = tmp_path / "model-step-1.h5"
    extent = next(tensor for tensor in distload.inspect(path, extents=True)["tensors"] if tensor["name"] == "lm_head.weight")["extents"][0]
    with open(path, "r+b") as file:
        file.seek(extent["offset_bytes"])
        byte = file.read(1)
        file.seek(extent["offset_bytes"])
        file.write(bytes([byte[0] ^ 1]))
    with pytest.raises(distload.CorruptData, match="lm_head.weight"):
        distload.load(path)
    with pytest.raises(distload.CorruptData, match="lm_head.weight") as raised:
        distload.verify(path)
    assert raised.value.report["checkpoints"][0]["damaged_blocks"]


def test_out_of_budget(llama):
    with pytest.raises(distload.OutOfBudget):
        distload.load(llama, memory_limit="16 KiB", engine="direct")


def test_save_does_not_replace(llama, tmp_path):
    model = distload.load(llama)
    distload.save(model, tmp_path)
    with pytest.raises(distload.ConfigError, match="overwrite"):
        distload.save(model, tmp_path)


def run(program, *arguments):
    return subprocess.run([sys.executable, "-c", textwrap.dedent(program), *map(str, arguments)], capture_output=True, text=True, timeout=60)


def test_a_forked_process_is_refused(llama):
    done = run("""
        import os, sys, distload
        distload.load(sys.argv[1])
        if os.fork() == 0:
            try:
                distload.inspect(sys.argv[1])
            except distload.ConfigError as error:
                print(error, flush=True)
            sys.exit(0)
        os.wait()
    """, llama)
    assert "was forked" in done.stdout and done.returncode == 0, done.stderr


def test_a_progress_function_cannot_call(llama):
    done = run("""
        import sys, distload
        distload.load(sys.argv[1], progress=lambda *_: distload.inspect(sys.argv[1]))
        print("loaded")
    """, llama)
    assert "loaded" in done.stdout and "cannot call distload" in done.stderr


@pytest.mark.parametrize("held", ["pending = ", ""])
def test_a_save_in_flight_is_waited_for_at_the_end(llama, tmp_path, held):
    done = run(f"""
        import sys, distload
        model = distload.load(sys.argv[1])
        {held}distload.save_async(model, sys.argv[2], step=9)
    """, llama, tmp_path)
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert distload.inspect(tmp_path)["checkpoint"]["step"] == 9


def test_a_model_without_shards_is_not_saved(llama, tmp_path):
    model = distload.load(llama, engine="direct")
    moved = model.redistribute(in_place=True, dtype="fp32")
    with pytest.raises(distload.ConfigError, match="in place"):
        distload.save(model, tmp_path)
    distload.save(moved, tmp_path)


def test_models_that_share_shards_are_not_reloaded(llama):
    model = distload.load(llama, engine="direct")
    other = model.redistribute(fuse=["qkv"])
    for one in (model, other):
        with pytest.raises(distload.ConfigError, match="shares"):
            one.reload()
    assert "model.layers.0.self_attn.qkv_proj.weight" in other


@pytest.mark.parametrize("what", ["load", "exit"])
def test_control_c_ends_a_call(llama, what):
    """A load in which a thread hangs, as it does when another rank does not come, is left by Ctrl-C; the program ends with 130."""
    program = textwrap.dedent(f"""
        import sys, distload
        print("loading", flush=True)
        try:
            distload.load({str(llama)!r})
        except KeyboardInterrupt:
            print("interrupted", flush=True)
            if {what!r} == "load":
                raise
    """)
    environment = {**os.environ, "DISTLOAD_FAULT": "read:0:hang"}
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
    assert process.stdout.readline() == "loading\n"
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=2)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 130
    assert process.stdout.read() == "interrupted\n"
