"""./dev bench precision: the top-1 that a training ends with in float32 and in bfloat16, for some seeds on two sets of images.

Fashion-MNIST, and parts of photos with noise (64 x 64, cropped and mirrored at random in each epoch). A seed starts both from the same
weights and gives both the same batches. Trainings that differ in one bit part as well, so it is the mean of the differences that
tells, beside its standard error.
"""
import argparse
import json
import math
import shutil
import statistics
import time

import images
import machine
import programs

PIXELS, VALID_PHOTOS = 64, 2000


def main():
    parser = argparse.ArgumentParser(prog="./dev bench precision", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", default="resnet18")
    parser.add_argument("--sets", default=",".join(SETS), help=f"default {','.join(SETS)}")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--images", type=int, default=8000, help="of Fashion-MNIST to train on; its 10,000 test images validate")
    parser.add_argument("--photos", type=int, default=2000, help=f"to train on; {VALID_PHOTOS} validate")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=0.02)
    options = parser.parse_args()
    print(machine.sentence(machine.facts(programs.ROOT)))
    print(f"{options.network}, {options.epochs} epochs, batch {options.batch}, learning rate {options.rate}; top-1 of the last epoch")
    for name in options.sets.split(","):
        compare(name, *SETS[name](options), options)


def fashion(options):
    count = options.images
    source, train, test = images.fashion_mnist(), programs.WORK / f"fashion-train-{count}", programs.WORK / "fashion-test"
    for part, chosen in ((train, ["--subset=train", f"--limit={count}"]), (test, ["--subset=test"])):
        programs.torchport("convert_to_image_directory", part, f"--input_path={source}", f"--output_path={part}", "--format=idx", *chosen)
    return train, test


def photos(options):
    count = options.photos
    data = programs.WORK / f"precision-photos-{count}"
    images.make(data, count, VALID_PHOTOS, (PIXELS, PIXELS))
    for part in ("train", "valid"):
        programs.torchport("convert_to_image_directory", data / f"{part}.dir", f"--input_path={data / part}", f"--output_path={data / part}.dir")
    crop = data / "crop"
    programs.torchport("init_image_transformation", crop, "--resize=False", "--center_crop=False", "--random_resized_crop=True",
                       f"--random_resized_crop_size={PIXELS}", "--random_horizontal_flip=True", f"--output_path={crop}")
    programs.torchport("apply_image_transformation", data / "train.crop", f"--input_image_transform_path={crop}",
                       f"--input_image_dir_path={data / 'train.dir'}", f"--output_path={data / 'train.crop'}", "--when=every_epoch")
    return data / "train.crop", data / "valid.dir"


SETS = {"fashion-mnist": fashion, "photos": photos}


def compare(name, train, valid, options):
    print(f"\n{name}\n{'seed':>6}{'float32':>10}{'bfloat16':>10}{'difference':>12}{'s':>8}{'s':>8}")
    differences = []
    for seed in range(1, options.seeds + 1):
        (single, took), (half, half_took) = (trained(train, valid, options, seed, precision) for precision in ("float32", "bfloat16"))
        differences.append(half - single)
        print(f"{seed:6}{single:10.4f}{half:10.4f}{half - single:+12.4f}{took:8.0f}{half_took:8.0f}", flush=True)
    error = statistics.stdev(differences) / math.sqrt(len(differences)) if len(differences) > 1 else math.nan
    print(f"mean difference, bfloat16 - float32: {100 * statistics.mean(differences):+.2f} points (standard error {100 * error:.2f})")


def trained(train, valid, options, seed, precision):
    """Top-1 after the last epoch, and seconds."""
    run_dir, untrained = programs.WORK / "precision-run", programs.WORK / f"{options.network}-seed-{seed}"
    programs.torchport(programs.family(options.network), untrained, f"--model_name={options.network}", "--pretrained=False",
                       f"--random_seed={seed}", f"--untrained_model_path={untrained}")
    shutil.rmtree(run_dir, ignore_errors=True)
    run_dir.mkdir()
    started = time.monotonic()
    programs.torchport("train_pytorch_model", run_dir / "model", "--untrained-model-path", untrained,
                       "--train-data-path", train, "--valid-data-path", valid, "--trained-model-path", run_dir / "model",
                       "--run-dir", run_dir, "--epochs", options.epochs, "--batch-size", options.batch, "--learning-rate", options.rate,
                       "--patience", options.epochs, "--random-seed", seed, "--precision", precision)
    rows = [json.loads(line) for line in (run_dir / "metrics.jsonl").read_text().splitlines()]
    top1 = [row["row"]["top1_acc"] for row in rows if row.get("name") == "Top-1 validation accuracy"]
    return top1[-1], time.monotonic() - started


if __name__ == "__main__":
    main()
