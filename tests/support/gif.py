"""GIF files by the bytes: frames at any place, with any palette, of codes that compress nothing."""
import struct


def codes(pixels):
    """8-bit pixels as LZW codes of 9 bits, with a clear code often enough that they stay 9 bits long."""
    bits = count = 0
    out = bytearray()
    symbols = []
    for i, pixel in enumerate(pixels):
        if i % 200 == 0:
            symbols.append(256)
        symbols.append(pixel)
    for symbol in symbols + [257]:
        bits |= symbol << count
        count += 9
        while count >= 8:
            out.append(bits & 255)
            bits >>= 8
            count -= 8
    if count:
        out.append(bits & 255)
    return bytes(out)


def blocks(data):
    return b"".join(bytes([len(data[i:i + 255])]) + data[i:i + 255] for i in range(0, len(data), 255)) + b"\0"


def frame(left, top, width, height, pixels, palette=None, transparent=None, interlaced=False):
    control = b"" if transparent is None else b"!\xf9\x04\x01\0\0" + bytes([transparent]) + b"\0"
    flags = (0x40 if interlaced else 0) | (0 if palette is None else 0x80 | (len(palette) // 3).bit_length() - 2)
    return (control + b"," + struct.pack("<HHHHB", left, top, width, height, flags) + (palette or b"") + b"\x08" + blocks(codes(pixels)))


def gif(width, height, *frames, palette=None, background=0, extensions=b"", end=b";"):
    """Palettes have 3 bytes for each of 2, 4, 8 … 256 colours."""
    flags = 0 if palette is None else 0x80 | (len(palette) // 3).bit_length() - 2
    return b"GIF89a" + struct.pack("<HHBBB", width, height, flags, background, 0) + (palette or b"") + extensions + b"".join(frames) + end
