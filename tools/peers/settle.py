"""Memory that is fresh for everybody alike."""
import mmap

PIECE_BYTES = 64 << 20


def settle(nbytes):
    """Takes, touches and gives back so many bytes. A virtual machine whose host takes idle memory away gives whoever comes first slow memory;
    after this nobody is first."""
    memory = mmap.mmap(-1, nbytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory.madvise(mmap.MADV_HUGEPAGE)
    piece = b"x" * PIECE_BYTES
    for begin in range(0, nbytes, PIECE_BYTES):
        end = min(begin + PIECE_BYTES, nbytes)
        memory[begin:end] = piece[: end - begin]
    memory.close()
