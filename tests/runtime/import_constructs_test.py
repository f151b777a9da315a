"""Each construct of a pipeline job (CLI v2) by itself: what becomes of it, and every word that is said of it, with its line and column."""
import textwrap

import pytest
import yaml

from harness import torchport

MODULES = "azureml.designer.modules."
CONVERT = f"python -m {MODULES}computer_vision.preprocess.convert_to_image_directory.convert_to_image_directory --input-path ${{{{inputs.i}}}} --output-path ${{{{outputs.o}}}}"
SPLIT = f"python -m {MODULES}computer_vision.preprocess.split_image_directory.split_image_directory --src-path ${{{{inputs.i}}}}"
OUT = "--tgt-train-path ${{outputs.a}} --tgt-test-path ${{outputs.b}}"
INIT = f"python -m {MODULES}computer_vision.transform.init_image_transformation.init_image_transformation"
ALL = "--resize True --center-crop True --random-horizontal-flip True"   # so that no default of the program is noted
TRAIN = (f"python -m {MODULES}dl.pytorch.train.train_pytorch_model --untrained-model-path ${{{{inputs.m}}}} --train-data-path ${{{{inputs.t}}}} "
         "--valid-data-path ${{inputs.t}} --epochs 1 --batch-size 2 --random-seed 3 --print-freq 4 --trained-model-path ${{outputs.o}}")
FILES = {
    "c.yml": f"type: command\nname: c\ninputs: {{i: {{type: uri_folder}}}}\noutputs: {{o: {{type: uri_folder}}}}\ncommand: {CONVERT}\n",
    "split.yml": f"""type: command
name: s
inputs:
  i: {{type: uri_folder}}
  f: {{type: number, default: 0.75, min: 0, max: 5}}
  seed: {{type: integer, optional: true}}
  how: {{type: string, enum: [well, badly], default: well}}
outputs: {{a: {{type: uri_folder}}, b: {{type: uri_folder}}, c: {{type: uri_folder}}}}
command: {SPLIT} --fraction ${{{{inputs.f}}}} $[[--seed ${{{{inputs.seed}}}}]] {OUT}
""",
    "text.yml": "hello\n",
    "train.yml": f"type: command\nname: t\ninputs: {{m: {{type: uri_folder}}, t: {{type: uri_folder}}}}\noutputs: {{o: {{type: uri_folder}}}}\n"
                 f"distribution: {{type: mpi, process_count_per_instance: 2}}\nresources: {{instance_count: 1}}\ncommand: {TRAIN}\n",
    "lower/inner.yml": "type: pipeline\ninputs: {p: {type: uri_folder}}\noutputs: {o: {type: uri_folder}}\njobs:\n  a: {component: ../c.yml, inputs: {i: \"${{parent.inputs.p}}\"}, "
                       "outputs: {o: \"${{parent.outputs.o}}\"}}\n  b: {component: ../c.yml, inputs: {i: {path: ./near}}}\n",
}
FILES["lower/free.yml"] = ("type: pipeline\ninputs: {p: {type: uri_folder, default: ./near}, f: {type: number, default: 0.7}, g: {type: string, optional: true}}\n"
                           "outputs: {o: {type: uri_folder, mode: upload}}\nsettings: {a: b}\n"
                           "jobs:\n  a: {component: ../split.yml, inputs: {i: \"${{parent.inputs.p}}\", f: \"${{parent.inputs.f}}\"}, outputs: {a: \"${{parent.outputs.o}}\"}}\n")
C = {"component": "convert_to_image_directory"}
FREE = ["lower/free.yml:4:1: free.yml: settings are ignored", "lower/free.yml:3:33: jobs.n: the mode of an output is ignored: it lies in the run folder"]
KEEP = "job.yml:2:3: t: keep is best; the original's result is that of last: --as-original, or --set t.keep=last"
NO_FLAG = "is not in its command"


def split(fraction=0.75, images="inputs.i", **more):
    return {"component": "split_image_directory", "inputs": {"images": images}, "parameters": {"fraction": fraction, **more}}


def convert(wire):
    return {**C, "inputs": {"input": wire}}


def train(**run):
    return {"component": "train_pytorch_model", "inputs": {"untrained_model": "inputs.t_m", "training_dataset": "inputs.t_t", "validation_dataset": "inputs.t_t"},
            "parameters": {"epochs": 1, "batch_size": 2, "random_seed": 3, "print_freq": 4}, **({"run": run} if run else {})}


# A name; the job; the inputs and the steps that are made of it; all notes. A list for the steps: they are only counted.
TAKEN = [
    ("component: FILE", "jobs:\n  x: {component: ./c.yml, inputs: {i: ./p}}\n", {"x_i": "p"}, {"x": convert("inputs.x_i")}, []),
    ("component: file:FILE", "jobs:\n  x: {component: file:./c.yml, inputs: {i: ./p}}\n", {"x_i": "p"}, {"x": convert("inputs.x_i")}, []),
    ("an inline command", f"jobs:\n  x:\n    type: command\n    command: {CONVERT}\n    inputs: {{i: ./p}}\n    outputs: {{o: {{type: uri_folder}}}}\n", {"x_i": "p"},
     {"x": convert("inputs.x_i")}, []),
    ("an inline component", f"jobs:\n  x:\n    component:\n      inputs: {{i: {{type: uri_folder}}}}\n      outputs: {{o: {{type: uri_folder}}}}\n      command: {CONVERT}\n"
     "    inputs: {i: ./p}\n", {"x_i": "p"}, {"x": convert("inputs.x_i")}, []),
    ("a nested pipeline in a file of another folder", "inputs: {p: ./p}\njobs:\n  n: {type: pipeline, component: ./lower/inner.yml, inputs: {p: \"${{parent.inputs.p}}\"}}\n"
     "  x: {component: ./c.yml, inputs: {i: \"${{parent.jobs.n.outputs.o}}\"}}\n", {"p": "p", "n_b_i": "lower/near"},
     {"n_a": convert("inputs.p"), "n_b": convert("inputs.n_b_i"), "x": convert("n_a.output")}, []),
    ("an inline nested pipeline with a value for its inside", "inputs: {f: 0.5, p: ./p}\njobs:\n  n:\n    type: pipeline\n    inputs: {g: \"${{parent.inputs.f}}\", p: \"${{parent.inputs.p}}\"}\n"
     "    jobs: {a: {component: ./split.yml, inputs: {f: \"${{parent.inputs.g}}\", i: \"${{parent.inputs.p}}\"}}}\n", {"f": 0.5, "p": "p"},
     {"n_a": split("inputs.f", "inputs.p")}, []),
    ("a nested pipeline without inputs of its own", "jobs:\n  n: {component: ./lower/free.yml}\n", {"n_a_i": "lower/near"}, {"n_a": split(0.7, "inputs.n_a_i")}, FREE),
    ("an inline nested pipeline without inputs", "jobs:\n  n: {type: pipeline, jobs: {a: {component: ./c.yml, inputs: {i: ./p}}}}\n", {"n_a_i": "p"}, {"n_a": convert("inputs.n_a_i")}, []),
    ("keys and inputs of a nested pipeline", "jobs:\n  n:\n    component: ./lower/free.yml\n    inputs: {fff: 0.9, g: x}\n    compute: azureml:c\n    tags: {a: b}\n    environment_variables: {A: 1}\n",
     {"n_a_i": "lower/near"}, {"n_a": split(0.7, "inputs.n_a_i")},
     ["job.yml:7:29: jobs.n: the environment variable A is not set: set it where torchport is started, if a step needs it",
      "job.yml:4:19: jobs.n: the input fff is none of its pipeline: Azure drops it silently, so it is left out",
      "job.yml:4:27: jobs.n: no step of it takes its input g", "job.yml:5:5: jobs.n: compute is ignored", *FREE[:1], "job.yml:6:5: jobs.n: tags are ignored", *FREE[1:]]),
    ("outputs that are registered", "jobs:\n  x: {component: ./c.yml, inputs: {i: ./p}, outputs: {o: {type: uri_folder, name: images, version: 3}}}\n", {"x_i": "p"}, {"x": convert("inputs.x_i")},
     ["job.yml:2:77: jobs.x: the name of an output is ignored: nothing is registered", "job.yml:2:91: jobs.x: the version of an output is ignored: nothing is registered"]),
    *((f"a command that begins with {python}", f"jobs:\n  x:\n    command: {CONVERT.replace('python', python, 1)}\n    inputs: {{i: ./p}}\n", {"x_i": "p"}, {"x": convert("inputs.x_i")}, [])
      for python in ("python -u", "/usr/bin/python3.7 -B", "/opt/env/bin/python -W ignore -X dev", "python3 -Wignore")),
    *((f"a path {path}", f"inputs: {{p: {{type: uri_folder, path: '{path}'}}}}\njobs:\n  x: {{component: ./c.yml, inputs: {{i: \"${{{{parent.inputs.p}}}}\"}}}}\n", {"p": made}, {"x": convert("inputs.p")}, notes)
      for path, made, notes in (("file:./p", "p", []), ("file:///tmp/p", "/tmp/p", []), (".\\p\\q", "p/q", ["job.yml:1:38: jobs.x: .\\p\\q is taken as ./p/q"]),
                                ("C:\\p", None, ["job.yml:1:38: jobs.x: the input i is a path of Windows (C:\\p): give its path, --set inputs.p=PATH"]))),
    ("a component of Windows", "jobs:\n  x: {component: .\\c.yml, inputs: {i: ./p}}\n", {"x_i": "p"}, {"x": convert("inputs.x_i")}, ["job.yml:2:18: jobs.x: .\\c.yml is taken as ./c.yml"]),
    ("names and words of a step, keys of an input", "description: \"All: of it\"\njobs:\n  x:\n    component: ./c.yml\n    name: n\n    version: 3\n    display_name: The step\n    description: words\n    inputs: {i: {folder: ./q, path: ./p}}\n",
     {"x_i": "p"}, {"x": convert("inputs.x_i")},
     ["job.yml:8:5: jobs.x: description is ignored", "job.yml:7:5: jobs.x: display_name is ignored", "job.yml:5:5: jobs.x: name is ignored",
      "job.yml:9:18: jobs.x: the folder of an input is ignored", "job.yml:6:5: jobs.x: version is ignored"]),
    ("an input with capitals", "inputs: {My_Data: ./p}\njobs:\n  x: {component: ./c.yml, inputs: {i: \"${{parent.inputs.My_Data}}\"}}\n", {"my_data": "p"}, {"x": convert("inputs.my_data")},
     ["job.yml:1:10: inputs.My_Data: its name is my_data here"]),
    ("a flag twice, and something beside an output", f"jobs:\n  x:\n    command: {CONVERT}/images --input-path ${{{{inputs.j}}}}\n    inputs: {{i: ./p, j: ./q}}\n", {"x_j": "q"}, {"x": convert("inputs.x_j")},
     ["job.yml:3:14: jobs.x: --input-path is given again after that: the last counts",
      "job.yml:3:14: jobs.x: --output-path is ${{outputs.o}}/images: here it is the step's own folder of the run"]),
    ("a scalar as text, whole number and number", "jobs:\n  x: {component: ./split.yml, inputs: {i: ./p, f: \"0.5\", seed: 7}}\n", {"x_i": "p"}, {"x": split(0.5, "inputs.x_i", seed=7)}, []),
    ("type, path and mode", "inputs:\n  p: {type: uri_folder, path: ./p, mode: ro_mount}\njobs:\n  x: {component: ./c.yml, inputs: {i: {type: uri_folder, path: \"${{parent.inputs.p}}\", mode: download}}}\n",
     {"p": "p"}, {"x": convert("inputs.p")}, ["job.yml:2:42: inputs.p: mode is ignored, as in 1 more place: paths are read where they are"]),
    *((f"a path of {path.split(':')[0]}:", f"inputs: {{p: {{path: \"{path}\"}}}}\njobs:\n  x: {{component: ./c.yml, inputs: {{i: \"${{{{parent.inputs.p}}}}\"}}}}\n", {"p": None}, {"x": convert("inputs.p")},
       [f"job.yml:1:20: jobs.x: the input i is in the cloud ({path}): give its path, --set inputs.p=PATH"])
      for path in ("azureml:animals:1", "azureml://datastores/d/paths/x", "https://example.org/c/x", "wasbs://c@a.blob.core.windows.net/x", "abfss://c@a.dfs.core.windows.net/x")),
    ("a value of the pipeline", "inputs: {p: ./p, share: 0.6}\njobs:\n  x: {component: ./split.yml, inputs: {i: \"${{parent.inputs.p}}\", f: \"${{parent.inputs.share}}\"}}\n",
     {"p": "p", "share": 0.6}, {"x": split("inputs.share", "inputs.p")}, []),
    ("an output of another step", "jobs:\n  y: {component: ./c.yml, inputs: {i: \"${{parent.jobs.x.outputs.b}}\"}}\n  x: {component: ./split.yml, inputs: {i: ./p}}\n", {"x_i": "p"},
     {"y": convert("x.second"), "x": split(images="inputs.x_i")}, []),
    ("outputs", "outputs: {kept: {type: uri_folder}}\njobs:\n  x:\n    component: ./c.yml\n    inputs: {i: ./p}\n    outputs:\n      o: {mode: upload, path: \"azureml://datastores/d/paths/${{name}}\"}\n", {"x_i": "p"},
     {"x": convert("inputs.x_i")}, ["job.yml:1:1: outputs: ignored: each step's outputs are in its run folder",
                                    "job.yml:7:11: jobs.x: the mode of an output is ignored: it lies in the run folder",
                                    "job.yml:7:25: jobs.x: the path of an output is ignored: it lies in the run folder"]),
    ("an output bound to the pipeline's", "outputs: {kept: {type: uri_folder}}\njobs:\n  x: {component: ./c.yml, inputs: {i: ./p}, outputs: {o: \"${{parent.outputs.kept}}\"}}\n", {"x_i": "p"}, {"x": convert("inputs.x_i")},
     ["job.yml:1:1: outputs: ignored: each step's outputs are in its run folder"]),
    ("default, optional, and a choice of Azure's alone", "jobs:\n  x: {component: ./split.yml, inputs: {i: ./p, how: madly}}\n", {"x_i": "p"}, {"x": split(images="inputs.x_i")},
     ["job.yml:2:53: jobs.x: the input how = 'madly' does not reach its command, which has it fixed or not at all: the command wins"]),
    ("$[[ ]] with and without a value", f"jobs:\n  x: {{component: ./split.yml, inputs: {{i: ./p, seed: 9}}}}\n  y:\n    command: {SPLIT} $[[--fraction ${{{{inputs.f}}}}]] {OUT}\n    inputs: {{i: ./p}}\n",
     {"x_i": "p", "y_i": "p"}, {"x": split(images="inputs.x_i", seed=9), "y": {"component": "split_image_directory", "inputs": {"images": "inputs.y_i"}}}, []),
    ("the processes of a component", "jobs:\n  t: {component: ./train.yml, inputs: {m: ./m, t: ./t}}\n", {"t_m": "m", "t_t": "t"}, {"t": train(process_count_per_node=2)}, [KEEP]),
    ("the job's processes before the component's", "jobs:\n  t: {component: ./train.yml, inputs: {m: ./m, t: ./t}, distribution: {type: pytorch, process_count_per_instance: 3}}\n", {"t_m": "m", "t_t": "t"},
     {"t": train(process_count_per_node=3)}, [KEEP]),
    ("machines", "jobs:\n  t: {component: ./train.yml, inputs: {m: ./m, t: ./t}, resources: {instance_count: 4, shm_size: 8g}}\n", {"t_m": "m", "t_t": "t"},
     {"t": train(node_count=4, process_count_per_node=2)},
     ["train.yml:5:55: jobs.t: 4 machines of 2 are a world of 8 processes, by which the learning rate and the images of an update are multiplied; on one machine: "
      "--set t.node_count=1 --set t.process_count_per_node=8", KEEP, "job.yml:2:88: jobs.t: shm_size is ignored"]),
    ("processes of a component that has one", "jobs:\n  x: {component: ./c.yml, inputs: {i: ./p}, resources: {instance_count: 2}}\n", {"x_i": "p"}, {"x": convert("inputs.x_i")},
     ["job.yml:2:73: jobs.x: it runs as one process, not as 2"]),
    ("what means nothing here, in a step", "jobs:\n  x:\n    component: ./c.yml\n    inputs: {i: ./p}\n    compute: azureml:c\n    limits: {timeout: 5}\n    identity: {type: managed}\n    services: {s: {}}\n    tags: {a: b}\n"
     "    properties: {a: b}\n    environment_variables: {A: 1}\n    environment: azureml:e:1\n    code: ./src\n", {"x_i": "p"}, {"x": convert("inputs.x_i")},
     ["job.yml:11:29: jobs.x: the environment variable A is not set: set it where torchport is started, if a step needs it", "job.yml:13:5: jobs.x: code is ignored", "job.yml:5:5: jobs.x: compute is ignored", "job.yml:12:5: jobs.x: environment is ignored",
      "job.yml:7:5: jobs.x: identity is ignored", "job.yml:6:5: jobs.x: limits are ignored", "job.yml:10:5: jobs.x: properties are ignored", "job.yml:8:5: jobs.x: services are ignored",
      "job.yml:9:5: jobs.x: tags are ignored"]),
    ("what means nothing here, around the steps", "experiment_name: e\ncompute: azureml:c\ntags: {a: b}\nsettings: {default_compute: \"azureml:c\", default_datastore: d, force_rerun: true, continue_on_step_failure: false}\n"
     "jobs:\n  x: {component: ./c.yml, inputs: {i: ./p}}\n", {"x_i": "p"}, {"x": convert("inputs.x_i")},
     ["job.yml:1:1: experiment_name is ignored", "job.yml:2:1: compute is ignored", "job.yml:3:1: tags are ignored", "job.yml:4:12: settings: default_compute is ignored",
      "job.yml:4:42: settings: default_datastore is ignored", "job.yml:4:64: settings: force_rerun is ignored: --force STEP runs a step again",
      "job.yml:4:83: settings: continue_on_step_failure is ignored"]),
    ("an input that its component does not declare", "jobs:\n  x: {component: ./c.yml, inputs: {i: ./p, j: 3}}\n", {"x_i": "p"}, {"x": convert("inputs.x_i")},
     ["job.yml:2:47: jobs.x: the input j is none of its component: Azure drops it silently, so it is left out"]),
    ("an input of the pipeline that nobody takes", "inputs: {q: 3}\njobs:\n  x: {component: ./c.yml, inputs: {i: ./p}}\n", {"x_i": "p"}, {"x": convert("inputs.x_i")}, ["job.yml:1:13: inputs.q: no step takes it"]),
    ("a size of two numbers, degrees with a fraction, a whole number as text", f"jobs:\n  x:\n    command: {INIT} {ALL} --size ${{{{inputs.s}}}} --random-rotation-degrees ${{{{inputs.d}}}} --crop-size ${{{{inputs.c}}}} --output-path ${{{{outputs.o}}}}\n"
     "    inputs: {s: [48, 64], d: 30.5, c: \"7\"}\n    outputs: {o: {}}\n", None,
     {"x": {"component": "init_image_transformation", "parameters": {"resize": True, "center_crop": True, "random_horizontal_flip": True, "size": [48, 64], "random_rotation_degrees": 30.5, "crop_size": 7}}}, []),
    ("a step with capitals in its name", "jobs:\n  My-Step: {component: ./c.yml, inputs: {i: ./p}}\n", {"my_step_i": "p"}, {"my_step": convert("inputs.my_step_i")}, ["job.yml:2:3: jobs.My-Step: its name is my_step here"]),
    ("anchors, aliases and merge keys", "common: &c {component: ./c.yml, inputs: &i {i: ./p}}\njobs:\n  x: {<<: *c}\n  y: {component: ./c.yml, inputs: *i}\n  z: {<<: [{inputs: {i: ./q}}, *c]}\n",
     {"x_i": "p", "y_i": "p", "z_i": "q"}, {"x": convert("inputs.x_i"), "y": convert("inputs.y_i"), "z": convert("inputs.z_i")}, ["job.yml:1:1: common is ignored"]),
]
FAULT = "error[FileParsingFailedError] job.yml: the file of Azure ML cannot be understood: {}\n  at     {}\n  hint   docs/coming-from-azure.md describes what is read.\n"


def cloud(reference, command):
    return (f"error[CouldNotOpenFileError] job.yml: the component of the step x lies in the cloud ({reference})\n  at     job.yml:1:23\n"
            f"  hint   Get its file: az ml component show {command} > c.yml, and name that file in the job.\n")


# A name; the job; the whole error.
REFUSED = [
    *((f"type: {kind}", f"jobs: {{x: {{type: {kind}}}}}\n", f"error[ParameterParsingError] job.yml: the step x is of type {kind}, and torchport runs command steps of the designer's components\n"
       "  at     job.yml:1:8\n  hint   --replace x=COMPONENT puts a component in its place.\n") for kind in ("automl", "sweep", "parallel", "spark", "import")),
    ("azureml:NAME:VERSION", "jobs: {x: {component: \"azureml:c:3\"}}\n", cloud("azureml:c:3", "-n c --version 3")),
    ("azureml:NAME@LABEL", "jobs: {x: {component: \"azureml:c@latest\"}}\n", cloud("azureml:c@latest", "-n c --label latest")),
    ("azureml:NAME", "jobs: {x: {component: \"azureml:c\"}}\n", cloud("azureml:c", "-n c --label latest")),
    ("a component of a registry", "jobs: {x: {component: \"azureml://registries/r/components/c/versions/2\"}}\n",
     cloud("azureml://registries/r/components/c/versions/2", "-n c --version 2 --registry-name r")),
    ("a component of the web", "jobs: {x: {component: \"https://example.org/c.yml\"}}\n",
     cloud("https://example.org/c.yml", "").replace("az ml component show  > c.yml", "curl -LO https://example.org/c.yml")),
    ("a component file that is a text", "jobs: {x: {component: ./text.yml}}\n", FAULT.format("the component must be a map of names and values", "text.yml:1:1")),
    ("a step that is not there", "jobs:\n  x: {component: ./c.yml, inputs: {i: \"${{parent.jobs.y.outputs.o}}\"}}\n", FAULT.format("there is no job 'y' with an output 'o'", "job.yml:2:39")),
    ("an output that nobody writes", "jobs:\n  x: {component: ./c.yml, inputs: {i: \"${{parent.jobs.s.outputs.c}}\"}}\n  s: {component: ./split.yml, inputs: {i: ./p}}\n",
     FAULT.format("the command of s writes no output 'c'", "job.yml:2:39")),
    ("an input that is not there", "jobs:\n  x: {component: ./c.yml, inputs: {i: \"${{parent.inputs.p}}\"}}\n", FAULT.format("the pipeline has no input 'p'", "job.yml:2:39")),
    ("bindings as they were before 2022", "inputs: {p: ./p}\njobs:\n  x: {component: ./c.yml, inputs: {i: \"${{inputs.p}}\"}}\n",
     FAULT.format("'inputs.p' is neither parent.inputs.NAME nor parent.jobs.JOB.outputs.OUTPUT", "job.yml:3:39")),
    ("a value outside of our range, inside of Azure's", "jobs:\n  x: {component: ./split.yml, inputs: {i: ./p, f: 2}}\n",
     "error[NotInRangeValueError] job.yml: --fraction is 2, which is outside of (0, 1)\n  at     job.yml:2:51\n  hint   Default: 0.9.\n"),
    *((f"distribution: {kind}", f"jobs:\n  t: {{component: ./train.yml, inputs: {{m: ./m, t: ./t}}, distribution: {{type: {kind}}}}}\n",
       FAULT.format(f"the distribution of t is '{kind}'; the designer's training runs under mpi or pytorch", "job.yml:2:78")) for kind in ("tensorflow", "ray")),
    *((f"a command with {what}", f"jobs:\n  x:\n    command: {command}\n    inputs: {{i: ./p}}\n",
       FAULT.format(f"the command of x is more than a module and its flags: it has {what}", "job.yml:3:14").replace(
           "docs/coming-from-azure.md describes what is read.", f"Leave {CONVERT.split(' --')[0]} and its flags alone in the command, or put a component in the step's place: "
           "--replace x=convert_to_image_directory."))
      for what, command in [("'&'", CONVERT + " && echo"), ("'|'", CONVERT + " | tee log"), ("';'", "cd x; " + CONVERT), ("a variable of the shell", CONVERT + "/$HOME"),
                            ("'A=1' before python", "A=1 " + CONVERT)]),
    ("aliases that double", "a: &a [1, 1]\n" + "".join(f"{chr(c + 1)}: &{chr(c + 1)} [*{chr(c)}, *{chr(c)}]\n" for c in range(97, 121)) + "jobs: {x: {component: ./c.yml}}\n",
     FAULT.format("aliases make it larger than 100000 values", "job.yml:15:12")),
    ("an alias within what it names", "jobs: &j {x: *j}\n", FAULT.format("an alias within what it names", "job.yml:1:14")),
    ("jobs of a nested pipeline that are a list", "jobs:\n  n: {type: pipeline, jobs: [a]}\n", FAULT.format("jobs must be a map of names and values", "job.yml:2:29")),
    ("no YAML", "jobs:\n  x: {component: ./c.yml\n", FAULT.format("end of map flow not found", "job.yml:3:1")),
]


@pytest.fixture
def files(work):
    for name, text in FILES.items():
        (work / name).parent.mkdir(exist_ok=True)
        (work / name).write_text(text)
    return work


@pytest.mark.parametrize("name, text, inputs, steps, notes", TAKEN, ids=[row[0] for row in TAKEN])
def test_taken(files, name, text, inputs, steps, notes):
    (files / "job.yml").write_text(text)
    done = torchport("import", "job.yml", cwd=files)
    made = yaml.safe_load(done.stdout)
    assert made.get("description") == yaml.safe_load(text).get("description")
    assert made.get("inputs") == inputs and made["steps"] == steps, done.stdout
    said = [line.removeprefix("note: ") for line in done.stderr.splitlines()]
    assert said == notes, "\n".join(said)
    for note in notes:   # they stay with the file
        assert f"#   {note}\n" in done.stdout


@pytest.mark.parametrize("name, text, error", REFUSED, ids=[row[0] for row in REFUSED])
def test_refused(files, name, text, error):
    (files / "job.yml").write_text(text)
    done = torchport("import", "job.yml", status=2, cwd=files)
    assert done.stdout == "" and done.stderr == error + "torchport explain NAME says more about an error.\n", textwrap.indent(done.stderr, "  ")
