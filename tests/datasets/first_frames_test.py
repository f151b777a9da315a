"""GIF, WebP and APNG: of several frames the first counts, on the canvas on which Pillow puts it."""
import struct

from gif import blocks, frame, gif
from images import accepted, chunk, compare, picture, png, random, saved
from PIL import Image

palette = random.integers(0, 256, 768).astype("uint8").tobytes()


def pixels(count, most=256):
    return random.integers(0, most, count).astype("uint8").tobytes()


def gifs():
    rgb = Image.fromarray(picture())
    other = Image.fromarray(picture()[::-1].copy())
    grey, palettes = rgb.convert("L"), rgb.quantize(200)
    ramp = bytes(i // 3 for i in range(768))
    comment, unknown = b"!\xfe" + blocks(b"hello" * 90), b"!\x01" + blocks(bytes(12)) + b"!\xff\x0bNETSCAPE2.0" + blocks(b"\1\0\0")
    zoo = {"rgb": saved(rgb, "GIF"), "grey": saved(grey, "GIF"), "palette": saved(palettes, "GIF"), "bits": saved(rgb.convert("1"), "GIF"),
           "not_interlaced": saved(palettes, "GIF", interlace=0), "transparent": saved(palettes, "GIF", transparency=7),
           "animated": saved(rgb, "GIF", save_all=True, append_images=[other, grey], duration=50, loop=0),
           "disposal": saved(rgb, "GIF", save_all=True, append_images=[other], disposal=2, transparency=3),
           "rgba": saved(Image.fromarray(picture(channels=4), "RGBA"), "GIF"), "1x1": saved(Image.new("P", (1, 1), 3), "GIF")}
    one = frame(0, 0, 5, 4, pixels(20))
    zoo["global_palette"] = gif(5, 4, one, palette=palette)
    zoo["no_palette"] = gif(5, 4, one)
    zoo["grey_palette"] = gif(5, 4, one, palette=ramp)
    zoo["local_palette"] = gif(5, 4, frame(0, 0, 5, 4, pixels(20), palette=palette))
    zoo["both_palettes"] = gif(5, 4, frame(0, 0, 5, 4, pixels(20), palette=palette[::-1]), palette=palette)
    zoo["local_grey"] = gif(5, 4, frame(0, 0, 5, 4, pixels(20), palette=ramp), palette=palette)
    zoo["short_palette"] = gif(5, 4, frame(0, 0, 5, 4, pixels(20, 9)), palette=palette[:12])
    zoo["interlaced"] = gif(7, 21, frame(0, 0, 7, 21, pixels(147), interlaced=True), palette=palette)
    zoo["interlaced_3_rows"] = gif(7, 3, frame(0, 0, 7, 3, pixels(21), interlaced=True), palette=palette)
    zoo["offset"] = gif(11, 9, frame(3, 2, 5, 4, pixels(20)), palette=palette, background=5)
    zoo["offset_transparent"] = gif(11, 9, frame(3, 2, 5, 4, pixels(20), transparent=9), palette=palette, background=5)
    zoo["offset_grey"] = gif(11, 9, frame(3, 2, 5, 4, pixels(20), transparent=9))
    zoo["larger_than_screen"] = gif(3, 3, frame(2, 1, 5, 4, pixels(20)), palette=palette)
    zoo["no_screen"] = gif(0, 0, frame(0, 0, 5, 4, pixels(20)), palette=palette)
    zoo["extensions"] = gif(5, 4, one, palette=palette, extensions=comment + unknown)
    zoo["no_trailer"] = gif(5, 4, one, palette=palette, end=b"")
    zoo["trailing_bytes"] = gif(5, 4, one, palette=palette) + b"more"
    zoo["second_frame_is_cut"] = gif(5, 4, one, one[:15], palette=palette, end=b"")
    zoo["gif87"] = gif(5, 4, one, palette=palette).replace(b"GIF89a", b"GIF87a")
    return {f"{name}.gif": data for name, data in zoo.items()}


def webps():
    rgb, rgba = Image.fromarray(picture()), Image.fromarray(picture(channels=4), "RGBA")
    zoo = {}
    for name, options in (("lossless", {"lossless": True}), ("lossy", {"quality": 70}), ("mixed", {"allow_mixed": True})):
        zoo[f"{name}.webp"] = saved(rgb, "WEBP", save_all=True, append_images=[Image.fromarray(picture())], **options)
        zoo[f"{name}_alpha.webp"] = saved(rgba, "WEBP", save_all=True, append_images=[rgb], exact=True, **options)
    still = saved(rgba.resize((20, 14)), "WEBP", lossless=True, exact=True)
    image = still[still.index(b"VP8L"):]
    place = struct.pack("<I", 4)[:3] + struct.pack("<I", 3)[:3] + struct.pack("<I", 19)[:3] + struct.pack("<I", 13)[:3] + bytes(3) + b"\2"
    body = b"VP8X" + struct.pack("<IB", 10, 0x12) + bytes(3) + struct.pack("<I", 39)[:3] + struct.pack("<I", 29)[:3]
    body += b"ANIM" + struct.pack("<I", 6) + b"\xff\x80\x40\xff\0\0" + b"ANMF" + struct.pack("<I", 16 + len(image)) + place + image
    zoo["frame_within_canvas.webp"] = b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body
    return zoo


def apngs():
    first, second = Image.fromarray(picture()), Image.fromarray(picture())
    rows = b"".join(b"\0" + bytes([60 * y] * 12) for y in range(3))
    control = chunk(b"acTL", struct.pack(">II", 2, 0))
    return {"frames.png": saved(first, "PNG", save_all=True, append_images=[second], duration=50),
            "default_image.png": saved(first, "PNG", save_all=True, append_images=[second], default_image=True),
            "by_hand.png": png(4, 3, 8, 2, rows, control + chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, 4, 3, 0, 0, 1, 10, 0, 0)))}


def test_gif():
    assert not compare(gifs())


def test_webp():
    assert not compare(webps())


def test_apng():
    assert not compare(apngs())


def test_damaged():
    zoo = gifs()
    whole, cut = zoo["offset.gif"], zoo["global_palette.gif"]
    animated = webps()["lossy.webp"]
    assert not accepted({
        "stub.gif": (zoo["rgb.gif"][:40], "GIF: premature end of data"),
        "header.gif": (whole[:10], None),
        "no_frame.gif": (gif(5, 4, palette=palette), "GIF: there is no image in it"),
        "half.gif": (cut[:-12], "GIF: premature end of data"),
        "no_width.gif": (gif(5, 4, frame(0, 0, 0, 4, b""), palette=palette), "GIF: the first frame has no pixels"),
        "large.gif": (gif(65535, 65535, frame(0, 0, 1, 1, b"\1"), palette=palette), "4294836225 pixels, more than 67108864"),
        "half.webp": (animated[:len(animated) // 2], "WebP: premature end of data"),
        "no_frames.webp": (b"RIFF" + struct.pack("<I", 22) + b"WEBPVP8X" + struct.pack("<I", 10) + b"\2" + bytes(9), None),
    })
