"""A pipeline job of Azure ML runs as it is, to a trained model that has learnt, and again with another step in the place of one of its own."""
import json
import shutil

from harness import AS_ROOT, SOURCE, class_folders, torchport

EXAMPLE = SOURCE / "examples/azure_job"


def test_the_example_runs_as_it_is(work):
    """Its values are those of the job, its notes are said, and the network tells the shapes apart better than chance."""
    done = torchport("run", EXAMPLE / "pipeline.yml", "--set", "train.epochs=12", cwd=work)
    assert f"note: {EXAMPLE}/pipeline.yml:40:3: train: keep is best; the original's result is that of last: --as-original" in done.stderr, done.stderr
    record = json.loads((work / "runs/shapes-1/pipeline.json").read_text())
    assert record["state"] == "finished", record["state"]
    values = {name: step["parameters"] for name, step in record["steps"].items()}
    assert values["train"]["batch_size"] == {"value": 12, "origin": f"{EXAMPLE}/pipeline.yml:48:19"}, values["train"]
    assert values["train"]["epochs"] == {"value": 12, "origin": "command line"}
    assert values["train"]["print_freq"]["value"] == 100 and values["train"]["random_seed"]["value"] == 231   # the program's own defaults
    assert values["init"]["random_horizontal_flip"]["value"] is True and values["init"]["size"]["value"] == 40
    rows = [json.loads(line) for line in (work / "runs/shapes-1/train/metrics.jsonl").read_text().splitlines()]
    best = max(row["row"]["top1_acc"] for row in rows if row.get("name") == "Top-1 validation accuracy")
    assert best >= 1 / 3, rows   # chance
    copy = (work / "runs/shapes-1/pipeline.yaml").read_text()
    assert copy.startswith("# Made of pipeline.yml by torchport import.") and "epochs: 6" in copy, copy
    again = torchport("run", EXAMPLE / "pipeline.yml", "--set", "train.epochs=12", cwd=work).stdout
    assert again.count("reused from") == 8, again


OWN_TRAINER = """$schema: https://azuremlschemas.azureedge.net/latest/pipelineJob.schema.json
type: pipeline
jobs:
  convert_training:
    component: file:./components/convert_to_image_directory.yml
    inputs: {input_path: {type: uri_folder, path: ./train}}
  convert_validation:
    component: file:./components/convert_to_image_directory.yml
    inputs: {input_path: {type: uri_folder, path: ./val}}
  init:
    component: ./components/init_image_transformation.yml
    inputs: {resize: "False", size: 256, center_crop: 40, crop_size: 40}
  apply_training:
    component: ./components/apply_image_transformation.yml
    inputs: {mode: For training, input_image_transform_path: "${{parent.jobs.init.outputs.output_path}}", input_image_dir_path: "${{parent.jobs.convert_training.outputs.output_path}}"}
  apply_validation:
    component: ./components/apply_image_transformation.yml
    inputs: {mode: For inference, input_image_transform_path: "${{parent.jobs.init.outputs.output_path}}", input_image_dir_path: "${{parent.jobs.convert_validation.outputs.output_path}}"}
  train:
    compute: azureml:gpu-cluster
    component:
      type: command
      inputs: {train_data: {type: uri_folder}, valid_data: {type: uri_folder}, arch: {type: string, default: resnet18}, epochs: {type: integer, default: 90}, batch_size: {type: integer, default: 256}}
      outputs: {workspace: {type: uri_folder}}
      code: ./
      command: >-
        pip install others && python main.py --train ${{inputs.train_data}} --valid ${{inputs.valid_data}} --arch ${{inputs.arch}}
        --epochs ${{inputs.epochs}} --batch ${{inputs.batch_size}} --workspace ${{outputs.workspace}}
    inputs: {train_data: "${{parent.jobs.apply_training.outputs.output_path}}", valid_data: "${{parent.jobs.apply_validation.outputs.output_path}}", epochs: 1, batch_size: 4}
    outputs: {workspace: {type: uri_folder, mode: upload}}
    distribution: {type: mpi, process_count_per_instance: 1}
    resources: {instance_count: 2}
"""


def test_a_job_with_its_own_trainer(work):
    """Images smaller than the crop are no obstacle, and two machines of one process are two processes of this one."""
    class_folders(work / "train", size=48)
    class_folders(work / "val", each=4, size=32, seed=2)
    shutil.copytree(EXAMPLE / "components", work / "components")
    (work / "job.yml").write_text(OWN_TRAINER)
    done = torchport("run", "job.yml", "--replace", "train=train_pytorch_model", *AS_ROOT, cwd=work)
    record = json.loads((work / "runs/job-1/pipeline.json").read_text())
    assert record["state"] == "finished", done
    assert record["steps"]["train"]["run"]["process_count_per_node"]["value"] == 2
    model = (work / "runs/job-1/train/outputs/trained_model/model_spec.yaml").read_text()
    assert "model_name: resnet18" in model and "num_classes: 2" in model, model
