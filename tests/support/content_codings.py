"""Content codings by other implementations, or by the libraries' functions for whole bodies."""

import ctypes
import zlib

ROOM = 64 * 1024 * 1024


def gunzip(body):
    decoder = zlib.decompressobj(31)
    plain = decoder.decompress(body)
    assert decoder.eof and not decoder.unused_data, "the body is incomplete"
    return plain


def gzip(plain):
    encoder = zlib.compressobj(wbits=31)
    return encoder.compress(plain) + encoder.flush()


def unbrotli(body):
    library = ctypes.CDLL("libbrotlidec.so.1")
    room = ctypes.create_string_buffer(ROOM)
    size = ctypes.c_size_t(ROOM)
    done = library.BrotliDecoderDecompress(ctypes.c_size_t(len(body)), body, ctypes.byref(size),
                                           room)
    assert done == 1, "the body is malformed or incomplete"
    return room.raw[:size.value]


def brotli(plain):
    library = ctypes.CDLL("libbrotlienc.so.1")
    size = ctypes.c_size_t(len(plain) + 1024)
    room = ctypes.create_string_buffer(size.value)
    assert library.BrotliEncoderCompress(5, 18, 0, ctypes.c_size_t(len(plain)), plain,
                                         ctypes.byref(size), room) == 1
    return room.raw[:size.value]


def _zstd():
    library = ctypes.CDLL("libzstd.so.1")
    for name in ("ZSTD_compress", "ZSTD_decompressDCtx"):
        getattr(library, name).restype = ctypes.c_size_t
    return library


def unzstd(body):
    """Frames without their size, too: in one call with enough room."""
    library = _zstd()
    library.ZSTD_createDCtx.restype = ctypes.c_void_p
    room = ctypes.create_string_buffer(ROOM)
    context = ctypes.c_void_p(library.ZSTD_createDCtx())
    try:
        size = library.ZSTD_decompressDCtx(context, room, ctypes.c_size_t(ROOM), body,
                                           ctypes.c_size_t(len(body)))
        assert not library.ZSTD_isError(ctypes.c_size_t(size)), "malformed or incomplete"
        return room.raw[:size]
    finally:
        library.ZSTD_freeDCtx(context)


def zstd(plain):
    room = ctypes.create_string_buffer(len(plain) + 1024)
    size = _zstd().ZSTD_compress(room, ctypes.c_size_t(len(room)), plain,
                                 ctypes.c_size_t(len(plain)), 3)
    return room.raw[:size]


DECODE = {"gzip": gunzip, "br": unbrotli, "zstd": unzstd}
ENCODE = {"gzip": gzip, "br": brotli, "zstd": zstd}
