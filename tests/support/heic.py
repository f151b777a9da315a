"""HEIC files through the system's libheif, as phones write them: there is no other writer here. None where it is missing."""
import ctypes
import ctypes.util
import pathlib
import tempfile


class Error(ctypes.Structure):
    _fields_ = [("code", ctypes.c_int), ("subcode", ctypes.c_int), ("message", ctypes.c_char_p)]


class EncodingOptions(ctypes.Structure):   # up to version 5
    _fields_ = [("version", ctypes.c_uint8), ("alpha", ctypes.c_uint8), ("macos", ctypes.c_uint8), ("two_colours", ctypes.c_uint8),
                ("nclx", ctypes.c_void_p), ("nclx_macos", ctypes.c_uint8), ("orientation", ctypes.c_int)]


def library():
    name = ctypes.util.find_library("heif")
    return ctypes.CDLL(name) if name else None


def heic(pixels, orientation=1, quality=90):
    """Bytes of an image of RGB pixels (height x width x 3); `orientation` as in EXIF is written as irot and imir."""
    heif = library()
    for function in ("heif_context_get_encoder_for_format", "heif_image_create", "heif_image_add_plane", "heif_context_encode_image",
                     "heif_context_write_to_file", "heif_encoder_set_lossy_quality"):
        getattr(heif, function).restype = Error
    heif.heif_context_alloc.restype = heif.heif_encoding_options_alloc.restype = ctypes.c_void_p
    heif.heif_image_get_plane.restype = ctypes.POINTER(ctypes.c_uint8)
    context, encoder, image = ctypes.c_void_p(heif.heif_context_alloc()), ctypes.c_void_p(), ctypes.c_void_p()
    check = lambda error: error.code and (_ for _ in ()).throw(RuntimeError(error.message.decode()))
    check(heif.heif_context_get_encoder_for_format(context, 1, ctypes.byref(encoder)))   # HEVC
    check(heif.heif_encoder_set_lossy_quality(encoder, quality))
    height, width = pixels.shape[:2]
    check(heif.heif_image_create(width, height, 1, 10, ctypes.byref(image)))   # RGB, interleaved
    check(heif.heif_image_add_plane(image, 10, width, height, 8))
    stride = ctypes.c_int()
    rows = heif.heif_image_get_plane(image, 10, ctypes.byref(stride))
    for y in range(height):
        ctypes.memmove(ctypes.addressof(rows.contents) + y * stride.value, pixels[y].tobytes(), 3 * width)
    options = ctypes.cast(heif.heif_encoding_options_alloc(), ctypes.POINTER(EncodingOptions))
    options.contents.orientation = orientation
    check(heif.heif_context_encode_image(context, image, encoder, options, None))
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "image.heic"
        check(heif.heif_context_write_to_file(context, str(file).encode()))
        return file.read_bytes()
