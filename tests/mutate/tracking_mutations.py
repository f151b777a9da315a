"""Mutations of what is told to trackers, of runs listed and removed, and of help and lists."""
from mutation import Mutation

MLFLOW = ["runtime.mlflow_test"]
RUNS = ["runtime.runs_test"]
SYNC = "runtime/tracking/mlflow_sync.cpp"

MUTATIONS = [
    Mutation("a run in MLflow for each sending", SYNC, "run = server_.find_run(experiment, kMlflowRunTag, uid_);", "run = std::nullopt;", MLFLOW),
    Mutation("all is sent to MLflow again", SYNC, "std::from_chars(told.data(), told.data() + told.size(), there);", "", MLFLOW),
    Mutation("steps that are done again are in MLflow twice", "runtime/report/sinks/mlflow.cpp", "if (!is_kept(event) || position <= told_step_) return;",
             "if (!is_kept(event)) return;", MLFLOW),
    Mutation("the end of somebody else's run", SYNC, 'if (kind == "end" && !attached_)', 'if (kind == "end")', MLFLOW),
    Mutation("a token in a server's message", "runtime/tracking/mlflow_settings.cpp", "for (const std::string& secret : {server.password, server.token})",
             "for (const std::string& secret : {server.password})", MLFLOW),
    Mutation("MLflow's silence is waited for", "runtime/tracking/mlflow_sender.cpp", "constexpr seconds kAtEnd{5};", "constexpr seconds kAtEnd{60};", MLFLOW),
    Mutation("half a line of a killed run is a record", "runtime/tracking/mlflow_journal.cpp", "      rest_.clear();\n", "", MLFLOW),
    Mutation("a run under way is removed", "component/runs/run_removal.cpp", 'if (state == "running") throw', 'if (state == "lost") throw', RUNS),
    Mutation("a folder elsewhere is removed", "component/runs/run_removal.cpp", "if (fault || folder.parent_path() != there || !is_ours(folder))",
             "if (fault || !is_ours(folder))", RUNS),
    Mutation("a folder of somebody is removed", "component/runs/run_removal.cpp", "folder.parent_path() != there || !is_ours(folder))", "folder.parent_path() != there)", RUNS),
    Mutation("a folder named latest is replaced", "runtime/launch/run_dir.cpp", "if (fs::exists(there) && !fs::is_symlink(there)) return;",
             "if (fs::exists(there) && !fs::is_symlink(there)) fs::remove_all(link);", RUNS),
    Mutation("help in no language but English", "runtime/cli/help_language.cpp", 'if (language == "en") return {};', "return {};", ["runtime.language_test"]),
    Mutation("lines of Japanese that begin with a full stop", "runtime/text/wide_text.cpp", "!begins_no_line(next.number) && ", "", ["runtime"]),
    Mutation("the log of all processes as that of one", "runtime/report/merged_logs.cpp", "{log.process, printable(line)}", '{"0", printable(line)}', ["runtime"]),
    Mutation("torchport's own parameters as the original's", "component/commands/describe.cpp", '{"own", parameter.option}', '{"own", false}', ["runtime.listings_test"]),
    Mutation("an attempt takes the number of the one before", "runtime/launch/run_files.cpp", "while (attempts.contains(last + 1)) ++last;", "last = attempts.contains(0) ? 0 : -1;",
             ["runtime"]),
    Mutation("the first batch stays with the attempt before", "component/checkpoint/resume.cpp", "  if (ours) runtime::take_back_training(ctx.run_dir);\n", "",
             ["component.checkpoint_test"]),
    Mutation("any first batch that lies there is shown", "component/report/first_batch_section.cpp", 'return !text_of(run.record, "first_batch").empty();',
             "return std::filesystem::exists(run.folder / runtime::kFirstBatchFile);", ["component.report_test"]),
    Mutation("a refused call leaves no record", "runtime/launch/refusal.cpp", "RunRecord(request, size_of(request, launched)).save(run_dir);", "size_of(request, launched);", RUNS),
    Mutation("earlier attempts are not listed", "runtime/launch/run_files.cpp", "found.push_back(name.substr(kRecord.size()));", "", RUNS),
    Mutation("a name that is no text ends a list", "runtime/text/json_text.h", "Json::error_handler_t::replace", "Json::error_handler_t::strict", RUNS),
    Mutation("a file is named by what it is first written to", "runtime/files/files.cpp", "refuse_writing(target_of(path), error);", "refuse_writing(path, error);", ["runtime"]),
    Mutation("an exit status is no number to explain", "runtime/cli/error_text.cpp", "if (number == std::to_string(status)) return &meaning;", "", ["runtime.cli_test"]),
    Mutation("the top-1 of another epoch", "component/runs/run_summary.cpp", 'number_of(map_of(run.record, "result"), "kept_epoch").value_or(best->first)',
             "best->first", RUNS),
]
