"""The ways in which ./dev mutate breaks the product, and the ctest tests of which one must notice, quick ones first.

`old` must stand exactly once in its file. A mutation is a slip that somebody could make, not an arbitrary edit.
"""
from typing import NamedTuple


class Mutation(NamedTuple):
    name: str
    file: str
    old: str
    new: str
    tests: list


OPTIMIZER = "component/training/optimizer.cpp"
SCHEDULE = "component/training/schedule.cpp"
TRAINER = "component/training/trainer.cpp"
RULES = "component/training/epoch_rules.cpp"
SAMPLER = "datasets/loading/sampler.cpp"
SCORE = "component/score_image_model.cpp"
EVALUATION = "component/evaluation/evaluation.cpp"

MUTATIONS = [
    Mutation("momentum 0.8", OPTIMIZER, "kMomentum = 0.9;", "kMomentum = 0.8;", ["component"]),
    Mutation("no Nesterov", OPTIMIZER, "kNesterov = true;", "kNesterov = false;", ["component"]),
    Mutation("weight decay 0", OPTIMIZER, "kWeightDecay = 1e-4;", "kWeightDecay = 0;", ["component"]),
    Mutation("schedule one epoch late", TRAINER, "options_.warmup_epochs}, epoch);", "options_.warmup_epochs}, epoch + 1);",
             ["component.train_test"]),
    Mutation("warm-up starts at the peak", SCHEDULE, "kWarmupStart = 1e-4;", "kWarmupStart = 1e-3;", ["component"]),
    Mutation("decay of power 1", SCHEDULE, "(schedule.peak - kFinal) * left * left", "(schedule.peak - kFinal) * left", ["component"]),
    Mutation("lr not times world size", TRAINER, "options_.learning_rate * collective_.size()", "options_.learning_rate",
             ["distributed.training_test"]),
    Mutation("batch norm not broadcast", "component/training/evaluate.cpp", "  broadcast_buffers(network, collective);\n", "",
             ["distributed.training_test"]),
    Mutation("loss weighted by local mean", TRAINER, "return sum / static_cast<double>(global_images);",
             "return sum / static_cast<double>(batch.labels.size(0) * collective_.size());", ["distributed.training_test"]),
    Mutation("early stop against the best", RULES, "  previous_ = validation_loss;",
             "  previous_ = previous_ && *previous_ < validation_loss ? *previous_ : validation_loss;", ["component"]),
    Mutation("best epoch is the last", RULES, "const bool better = epoch_ == 0 ||", "const bool better = true ||", ["component"]),
    Mutation("tail batch dropped", SAMPLER, "(own_step ? 1 : 0)", "(own_step ? 0 : 0)", ["component"]),
    Mutation("tail images dropped", SAMPLER, "step + 1 == steps_ ? rows_ - first : global_batch_", "global_batch_", ["component"]),
    Mutation("rank slices overlap", SAMPLER, "return {first + count * r / w, first + count * (r + 1) / w, count};",
             "return {first, first + count / w, count};", ["component"]),
    Mutation("normalised by 0.4", "component/train_pytorch_model.cpp", "kHalf = {0.5, 0.5, 0.5};", "kHalf = {0.4, 0.4, 0.4};",
             ["component.train_test"]),
    Mutation("label map reversed", "component/train_pytorch_model.cpp", "names.push_back(category.name);",
             "names.insert(names.begin(), category.name);", ["component.train_test"]),
    Mutation("class ids swapped", "datasets/image_directory_reader.cpp", "ids_[category.name] = static_cast<std::int32_t>(category.id);",
             "ids_[category.name] = static_cast<std::int32_t>(category.id ^ 1);", ["datasets"]),
    Mutation("resize without antialiasing", "datasets/pixels/resize.cpp", "stretch = std::max(scale, 1.0);", "stretch = 1.0;",
             ["datasets.transforms_test"]),
    Mutation("bytes not rounded between the passes", "datasets/pixels/resize.cpp", "kHalf = 1 << (kPlaces - 1);", "kHalf = 0;",
             ["datasets.transforms_test"]),
    Mutation("resized edge rounded up", "datasets/transforms/resize.cpp", "static_cast<double>(shorter * more) / static_cast<double>(less));",
             "static_cast<double>(shorter * more) / static_cast<double>(less) + 0.5);", ["datasets", "datasets.transforms_test"]),
    Mutation("center crop off by one", "datasets/transforms/center_crop.cpp", "std::nearbyint((all - part) / 2.0)",
             "std::floor((all - part) / 2.0)", ["datasets.transforms_test"]),
    Mutation("aspect ratio drawn evenly", "datasets/transforms/random_resized_crop.cpp",
             "std::exp(random.uniform(std::log(ratio[0]), std::log(ratio[1])))", "random.uniform(ratio[0], ratio[1])", ["datasets.transforms_test"]),
    Mutation("augmentation alike in all epochs", "datasets/transformation.cpp", "static_cast<std::uint64_t>(key.epoch)", "0", ["component"]),
    Mutation("validation augmented", "datasets/image_directory.cpp", "return augmented ? *transformation : transformation->without_random();",
             "return augmented || true ? *transformation : transformation->without_random();", ["component"]),
    Mutation("color jitter kept for inference", "datasets/transforms/color_jitter.cpp", "  operation.random = true;\n", "", ["datasets"]),
    Mutation("exit 2 for a diverged loss", "spec/errors.yaml", """      training_loss:
        exit: 10""", """      training_loss:
        exit: 2""", ["component.train_test"]),
    Mutation("CRC not checked", "models/zip_reader.cpp", "data.size()) != entry.crc)", "data.size()) != entry.crc && false)",
             ["formats"]),
    Mutation("last element of a tensor not checked", "models/state_dict_file.cpp", "last >= tensor.storage_elements",
             "last > tensor.storage_elements", ["fuzz.hostile_models_test"]),
    Mutation("tensor gathered without its strides", "models/state_dict_file.cpp", "index[d] * layout.stride[d]", "index[d] * run",
             ["formats.state_dict_test"]),
    Mutation("any torch name allowed in a pickle", "models/pickle_machine.cpp", 'name == "_rebuild_tensor_v2"',
             'name.starts_with("_rebuild_tensor")', ["fuzz.hostile_models_test"]),
    Mutation("a key given twice accepted", "models/pickle_reader.cpp", "if (!keys.insert(text).second)",
             "if (!keys.insert(text).second && false)", ["fuzz.hostile_models_test"]),
    Mutation("float16 weights accepted", "models/model_directory.cpp", "found->dtype == wanted.dtype &&", "", ["formats"]),
    Mutation("old pickle names in a model file", "models/pickle_machine.cpp", "if (dialect_ == Dialect::legacy) {", "if (true) {",
             ["fuzz.hostile_models_test"]),
    Mutation("gap in safetensors accepted", "models/safetensors_file.cpp", "if (one.begin != place)", "if (one.begin < place)",
             ["fuzz.hostile_weights_test"]),
    Mutation("key given twice in safetensors", "models/safetensors_file.cpp", ".insert(value.get<std::string>()).second)",
             ".insert(value.get<std::string>()).second && false)", ["fuzz.hostile_weights_test"]),
    Mutation("prefix of DataParallel kept", "models/nn/load_weights_file.cpp", '{"module.", kKeyPrefix}', '{kKeyPrefix, kKeyPrefix}',
             ["component.weights_option_test"]),
    Mutation("hash of a download not checked", "component/download/fetch_weights.cpp", "if (found == wanted) return;",
             "if (found.size() == wanted.size()) return;", ["component.download_test"]),
    Mutation("stalled download waits on", "component/download/http.cpp", "CURLOPT_LOW_SPEED_LIMIT, 1L", "CURLOPT_LOW_SPEED_LIMIT, 0L",
             ["component.download_test"]),
    Mutation("frozen batch norm goes on counting", "models/nn/classifier.cpp", "if (norm && !norm->weight.requires_grad())",
             "if (norm && false)", ["component.fine_tuning_test"]),
    Mutation("frozen weights decay", TRAINER, "return !parameter.requires_grad(); });", "return !parameter.defined(); });",
             ["component.fine_tuning_test"]),
    Mutation("normalisation of the directory ignored", "component/train_pytorch_model.cpp",
             "if (model.mean && model.std_dev) return {*model.mean, *model.std_dev};", "", ["component.fine_tuning_test"]),
    Mutation("open bound taken as closed", "runtime/parse_value.cpp", "range.low_open ? value <= *range.low", "range.low_open ? value < *range.low",
             ["runtime"]),
    Mutation("closed bound taken as open", "runtime/parse_value.cpp", "value < *range.low)", "value <= *range.low)", ["runtime"]),
    Mutation("scored without softmax", SCORE, ".softmax(1).contiguous()", ".sigmoid().contiguous()", ["component.score_test"]),
    Mutation("scored while training", SCORE, "  network->eval();\n", "", ["component.score_test"]),
    Mutation("scored with training's normalisation", SCORE, "kNone = {{0, 0, 0}, {1, 1, 1}};", "kNone = {{0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}};",
             ["component.score_test"]),
    Mutation("ids are line numbers", SCORE, "ids_.push_back(images_.id(done_));", "ids_.push_back(static_cast<std::int64_t>(done_));",
             ["component.score_test"]),
    Mutation("a row for an unreadable image", SCORE, "if (left_out != bad.end() && left_out->index == done_)", "if (false)", ["component.score_test"]),
    Mutation("the label is a feature", "datasets/tables/data_frame_form.cpp", "column.name != roles.label && !is_score", "!is_score",
             ["component.score_test"]),
    Mutation("Parquet without SNAPPY", "datasets/tables/parquet_writer.cpp", "Compression::SNAPPY", "Compression::GZIP", ["component.score_test"]),
    Mutation("missing values read as something", "datasets/tables/table_reader.cpp", "if (data.null_count() > 0)", "if (false)", ["component.evaluate_test"]),
    Mutation("macro over all categories", EVALUATION, "occurring += category.support + category.predicted > 0 ? 1 : 0;", "occurring += 1;",
             ["component.evaluate_test"]),
    Mutation("top-5 ties the other way", EVALUATION, "c > truth[row]) ? 1 : 0", "c < truth[row]) ? 1 : 0", ["component.evaluate_test"]),
    Mutation("probabilities not clipped", EVALUATION, "std::clamp(own, kEpsilon, 1 - kEpsilon)", "std::max(own, 1e-300)", ["component.evaluate_test"]),
    Mutation("calibration bins closed below", EVALUATION, "std::ceil(highest * static_cast<double>(kConfidenceBins)) - 1",
             "std::floor(highest * static_cast<double>(kConfidenceBins))", ["component.evaluate_test"]),
    Mutation("confusion matrix turned", EVALUATION, "result.matrix[truth[row]][predicted[row]]", "result.matrix[predicted[row]][truth[row]]",
             ["component.evaluate_test"]),
    Mutation("log level not padded", "runtime/log.cpp", "level.size() < 10 ? 11 - level.size() : 1", "1", ["runtime"]),
    Mutation("reuse without looking at the outputs", "runtime/pipeline/history.cpp", "state == \"reused\") && whole(step))",
             "state == \"reused\"))", ["runtime.pipeline_run_test"]),
    Mutation("parameters are no part of the key", "runtime/pipeline/plan.cpp", "all[file ? \"files\" : \"parameters\"][value.spec->name] =",
             "json unused; unused[value.spec->name] =", ["runtime.pipeline_run_test"]),
    Mutation("force without what comes after", "runtime/pipeline/plan.cpp", "if (forced_.count(input.step)) forced_.insert(step.name);",
             "(void)input;", ["runtime.pipeline_run_test"]),
    Mutation("reuse of what ran while its input changed", "runtime/pipeline/run.cpp", "record[\"key\"] = \"\";", "",
             ["runtime.pipeline_run_test"]),
    Mutation("stale contents are trusted", "runtime/pipeline/history.cpp", "text_of(seen, \"fingerprint\") == fingerprint)", "!seen.empty())",
             ["runtime.pipeline_run_test"]),
    Mutation("an untrained model fits a trained port", "runtime/pipeline/wires.cpp", "&& !to.trained_only;", ";",
             ["runtime"]),
    Mutation("circles are not noticed", "runtime/pipeline/wires.cpp", "if (open != trail_.end()) {", "if (open != trail_.end()) {\n      return;",
             ["runtime.pipeline_check_test"]),
]
