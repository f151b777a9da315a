"""Hostile transformation directories for Apply Image Transformation."""

import hostile_json
import hostile_yaml
from case import GOOD, IN, OUT, Case, Linked, tree
from mutate_bytes import bytes_changed, text_changed

KIND = "transformations"
SHARE = 6
COMMANDS = [("run", "apply_image_transformation", "--mode=For training", f"--input_image_transform_path={IN}", f"--input_image_dir_path={GOOD}/images", f"--output_path={OUT}"),
            ("validate", "apply_image_transformation", "--mode=For inference", f"--input_image_transform_path={IN}", f"--input_image_dir_path={GOOD}/images", f"--output_path={OUT}")]
NUMBERS = ["0", "-1", "1.5", "65536", "4294967296", "1e9", "1e999", "NaN", "null", '"x"', "[]", "[0,0]", "[1,2,3]", "[65535,65535]", "{}", "true", "[[1]]", "-0.0", "1e-320"]
OPERATIONS = {"Resize": ("size", "interpolation", "max_size", "antialias"), "CenterCrop": ("size",), "Letterbox": ("size", "fill", "interpolation"), "Pad": ("padding", "fill", "padding_mode"),
              "RandomCrop": ("size", "padding", "pad_if_needed", "fill", "padding_mode"), "RandomResizedCrop": ("size", "scale", "ratio", "interpolation"),
              "RandomHorizontalFlip": ("p",), "RandomRotation": ("degrees", "interpolation", "expand", "center", "fill"),
              "RandomAffine": ("degrees", "translate", "scale", "shear", "interpolation", "fill"), "RandomPerspective": ("distortion_scale", "p", "interpolation", "fill"),
              "RandomErasing": ("p", "scale", "ratio", "value"), "ColorJitter": ("brightness", "contrast", "saturation", "hue"), "RandomGrayscale": ("p",), "Grayscale": ("num_output_channels",)}


def case(number, name, content, must=False, file="_transforms.json"):
    return Case(KIND, name, COMMANDS[number % 2], tree({file: content}, base="transformation"), wants="refused" if must else None)


def lists():
    for operation, arguments in OPERATIONS.items():
        for argument in arguments:
            for value in NUMBERS:
                yield f"{operation} {argument} {value}", f'[["{operation}", {{"{argument}": {value}}}]]'.encode(), value in ("1e999", "NaN")
        yield f"{operation} of 5,000 pads before it", ('[["Pad", 1],' + '["Pad", 0],' * 5_000 + f'["{operation}", {{}}]]').encode(), False
    yield "a resize to 64 Mi and again", b'[["Resize", [8192, 8192]], ["Resize", [8191, 8191]], ["Resize", [8192, 8192]]]', False
    yield "300 operations on large images", ("[" + '["Resize", [2000, 2000]],' * 300 + '["Resize", 8]]').encode(), False
    for name in ("Normalize", "ToTensor", "FiveCrop", "Lambda", "__import__", "", "resize", "Resize\\u0000"):
        yield f"the operation {name!r}", f'[["{name}", 1]]'.encode(), True
    for text in ("[]", "{}", "[[]]", "[1]", '["Resize", 3]', '[["Resize", 3, 4]]', '[["Resize"]]', '[{"Resize": 3}]', "null", '[["Resize", 8], null]', '[["Resize", 8, "x"]]'):
        yield f"the list {text}", text.encode(), text not in ("[]",)


def cases(random):
    good = (Linked.good / "transformation/_transforms.json").read_bytes()
    for number in range(2):
        yield Case(KIND, "sound", COMMANDS[number], tree({}, base="transformation"), wants="taken")
    for name, content, must in [*lists(), *((name, content, must) for name, content, must in hostile_json.whole(good))]:
        yield case(number, name, content, must)
        number += 1
    # What becomes of an image is found out with the image.
    yield case(0, "pads that grow", ("[" + ",".join(['["Pad", 20000]'] * 50) + "]").encode(), True)
    for name, content, must in hostile_yaml.whole((Linked.good / "transformation/_meta.yaml").read_bytes()):
        yield case(number, f"meta: {name}", content, must, "_meta.yaml")
        number += 1


def more(random):
    good = b'[["Resize", 16], ["Pad", {"padding": 2, "padding_mode": "edge"}], ["RandomCrop", [[8, 8]]], ["RandomHorizontalFlip", {}], ["ColorJitter", [0.1, 0.2, 0.3, 0.1]]]'
    while True:
        data = random.choice((text_changed, text_changed, bytes_changed))(good, random)
        yield case(random.randrange(99), "changed", data, not data.startswith(b"\xef\xbb\xbf") and not hostile_json.strictly_json(data))
