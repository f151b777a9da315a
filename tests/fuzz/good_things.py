"""The sound inputs that hostile ones lie beside, made once for a campaign."""
import shutil
import struct

from harness import ORIGINAL, class_folders, torchport

PIPELINE = """name: p
steps:
  convert:
    component: convert_to_image_directory
    inputs: {input: ./photos}
  split:
    component: split_image_directory
    inputs: {images: convert.output}
    parameters: {fraction: 0.5}
"""


def make(folder):
    """images, transformation, nothing (a transformation that changes nothing), scored, untrained, trained, idx, photos, labels.txt, pipeline.yaml"""
    folder.mkdir(parents=True)
    shutil.copytree(ORIGINAL / "image_directory_labelled", folder / "images")
    shutil.copytree(ORIGINAL / "image_transformation", folder / "transformation")
    shutil.copytree(ORIGINAL / "scored_valid", folder / "scored")
    shutil.copytree(ORIGINAL / "image_transformation", folder / "nothing")
    (folder / "nothing/_transforms.json").write_text('[["Pad", 0]]')
    class_folders(folder / "photos", each=2)
    (folder / "labels.txt").write_text("circle\nsquare\ntriangle\n")
    (folder / "idx").mkdir()
    (folder / "idx/train-images-idx3-ubyte").write_bytes(struct.pack(">IIII", 0x803, 4, 8, 8) + bytes(256))
    (folder / "idx/train-labels-idx1-ubyte").write_bytes(struct.pack(">II", 0x801, 4) + bytes([0, 1, 0, 1]))
    (folder / "pipeline.yaml").write_text(PIPELINE)
    torchport("run", "resnet", "--model_name=resnet18", "--pretrained=False", f"--untrained_model_path={folder}/untrained", "--run-dir", folder / "runs/resnet")
    torchport("run", "train_pytorch_model", "--untrained-model-path", folder / "untrained", "--train-data-path", folder / "images", "--valid-data-path", folder / "images",
              "--trained-model-path", folder / "trained", "--epochs=1", "--batch-size=8", "--learning-rate=0.0001", "--run-dir", folder / "runs/train", "--allow-run-as-root")
