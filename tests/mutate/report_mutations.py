"""Mutations of the report of a run, and of the page that is served."""
from mutation import Mutation

REPORT, PICTURES = ["component.report_test"], ["component.report_pictures_test"]
FOUND = "component/report/mistake_pictures.cpp"

MUTATIONS = [
    Mutation("another image stands for a mistake", FOUND, "!same_image(mistake.image, origin))", "false)", PICTURES),
    Mutation("only the paths of photos are tried for pictures", FOUND, "return path_of(record, \"outputs\", \"scored_dataset\") == table ?", "return false ?", PICTURES),
    Mutation("a path loses its end", "component/report/mistakes_section.cpp", "path.rfind('/') == path.npos ? 0 : path.rfind('/') + 1", "0", PICTURES),
    Mutation("the divergence rules the scale of the range test", "component/report/training_section.cpp", "chart.top = top_of_losses(chart);", "", REPORT),
    Mutation("shares of time up to 120 percent", "component/report/training_section.cpp", "  shares.top = 100;\n", "", REPORT),
    Mutation("results in English whatever the language", "component/report/pipeline_section.cpp", "page.say.sentence(text_of(run.record, \"summary\"))",
             "text_of(run.record, \"summary\")", REPORT),
    Mutation("the sentence of the shortest pattern", "runtime/text/language.cpp", "pattern.size() - 3 * parts->size() <= words) continue;", "best) continue;", REPORT),
    Mutation("where a training stood stays in its folder", "runtime/report/progress_file.cpp", "  fs::remove(path_, ignored);\n", "", ["runtime"]),
    Mutation("a file for each step", "runtime/report/progress_file.cpp", "event.time - written_ < kBetween", "false", ["runtime"]),
    Mutation("the share of one epoch as that of all", "component/report/progress.cpp", "(number_in(training, \"epoch\") - 1) * steps + ", "", ["component.view_test"]),
]
