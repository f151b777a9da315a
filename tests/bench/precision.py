"""./dev bench precision: the top-1 that a training ends with in float32 and in bfloat16, for some seeds on two sets of images.

Fashion-MNIST, and parts of photos with noise (64 x 64, cropped and mirrored at random in each epoch). A seed starts both from the same
weights and gives both the same batches. Trainings that differ in one bit part as well, so it is the mean of the differences that
tells, beside its standard error. "Out" is the top-1 of the weights that come out, those of the best epoch; "last" that of the last
epoch, which a single bad batch can spoil while the learning rate is high.
"""
import argparse
import json
import math
import shutil
import statistics
import time

import images
import machine
import programs   # first: it knows where the tests' helpers lie
import reference

PIXELS, VALID_PHOTOS = 64, 2000


def main():
    parser = argparse.ArgumentParser(prog="./dev bench precision", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", default="resnet18")
    parser.add_argument("--sets", default=",".join(SETS), help=f"default {','.join(SETS)}")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--images", type=int, default=8000, help="of Fashion-MNIST to train on; its 10,000 test images validate")
    parser.add_argument("--photos", type=int, default=2000, help=f"to train on; {VALID_PHOTOS} validate")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=0.02)
    options = parser.parse_args()
    print(machine.sentence(machine.facts(programs.ROOT)))
    print(f"{options.network}, {options.epochs} epochs, batch {options.batch}, learning rate {options.rate}; top-1")
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
    print(f"\n{name}\n{'':6}{'float32':>19}{'bfloat16':>19}\n{'seed':>6}" + f"{'out':>11}{'last':>8}" * 2 + f"{'seconds':>12}")
    differences = {"out": [], "last": []}
    for seed in range(1, options.seeds + 1):
        single, half = (trained(train, valid, options, seed, precision) for precision in ("float32", "bfloat16"))
        for which, found in differences.items():
            found.append(half[which] - single[which])
        print(f"{seed:6}{single['out']:11.4f}{single['last']:8.4f}{half['out']:11.4f}{half['last']:8.4f}{single['seconds']:7.0f}{half['seconds']:5.0f}",
              flush=True)
    for which, found in differences.items():
        error = statistics.stdev(found) / math.sqrt(len(found)) if len(found) > 1 else math.nan
        print(f"mean difference, bfloat16 - float32, {which:4}: {100 * statistics.mean(found):+.2f} points (standard error {100 * error:.2f})")


def trained(train, valid, options, seed, precision):
    """Top-1 of the weights that come out and of the last epoch, and seconds."""
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
    seconds = time.monotonic() - started
    return {"out": json.loads((run_dir / "run.json").read_text())["result"]["top1"],
            "last": reference.metrics(run_dir, "Top-1 validation accuracy")[-1], "seconds": seconds}


if __name__ == "__main__":
    main()
