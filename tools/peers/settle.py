"""Makes the first use of memory equally fast for all contenders."""
import mmap

PIECE_BYTES = 64 << 20


def settle(nbytes):
    """Allocates, touches and frees memory. Some virtual machines return idle memory to the host, which makes the first use of memory slow; after
    this call it is fast for all contenders."""
    memory = mmap.mmap(-1, nbytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory.madvise(mmap.MADV_HUGEPAGE)
    piece = b"x" * PIECE_BYTES
    for begin in range(0, nbytes, PIECE_BYTES):
        end = min(begin + PIECE_BYTES, nbytes)
        memory[begin:end] = piece[: end - begin]
    memory.close()
