"""The rows of the fault suite: what each provokes, and the checks that do so, in whichever script they are at home. A row is ok if all of them
are. To add a check to a row, name it here; to add a row, name it and its checks. faults_test.py sees to it that each is there."""

HERE = {"e": "faults/ranks_test.py", "f": "faults/storage_test.py", "g": "faults/stops_test.py", "h": "faults/numbers_test.py",
        "i": "faults/resources_test.py"}
ALONE, RANKS = "component/checkpoint_test.py", "distributed/checkpoint_test.py"
HOSTS = "faults/hosts_test.py"


def here(*names):
    return [f"{HERE[name[0]]}::test_{name}" for name in names]


# Samples of kills at random moments and at each call of a save belong to F4, G1 and G4.
ROWS = {
    "E1": ("a rank is killed, in each phase", here("e1")),
    "E2": ("a rank crashes or exits", here("e2_crash", "e2_exit")),
    "E3": ("a rank is frozen", [*here("e3"), "distributed/watch_test.py::test_frozen"]),
    "E4": ("a rank lags", here("e4")),
    "E5": ("ranks that are not alike, or out of step", ["distributed/unequal_test.py", "distributed/collective_test.py"]),
    "E6": ("the link between two hosts is cut", [f"{HOSTS}::test_e6"]),
    "E7": ("the link loses and reorders packets", [f"{HOSTS}::test_e7"]),
    "E8": ("mpirun, its helper or the launcher is killed", [*here("e8_mpirun", "e8_launcher"), f"{HOSTS}::test_e8_helper",
                                                           "distributed/watch_test.py::test_killed_beside_a_frozen_rank"]),
    "E9": ("ranks cannot begin", here("e9_no_lo", "e9_no_room", "e9_no_mpirun", "e9_root")),
    "F1": ("the disk is full", [*here("f1_output", "f1_checkpoint", "f1_model"), f"{ALONE}::test_no_room"]),
    "F2": ("the disk is broken", here("f2_output", "f2_checkpoint")),
    "F3": ("calls are interrupted or cut short", here("f3")),
    "F4": ("killed within a save", [f"{ALONE}::test_killed_while_saving"]),
    "F5": ("what is visible was flushed before", here("f5")),
    "F6": ("the disk of the logs is full", here("f6")),
    "F7": ("no inodes, read-only, output taken", here("f7_preflight", "f7_meanwhile")),
    "F8": ("the last checkpoint is damaged", here("f8", "f8_none")),
    "G1": ("the launcher is told to stop", [*here("g1_init", "g1"), f"{ALONE}::test_stopped", f"{ALONE}::test_a_second_signal_ends_at_once",
                                            f"{RANKS}::test_the_launcher_is_stopped"]),
    "G2": ("mpirun or a rank is told to stop", [*here("g2"), f"{RANKS}::test_one_rank_is_stopped"]),
    "G3": ("resumed under other conditions", [*here("g3"), f"{ALONE}::test_other_conditions", f"{RANKS}::test_another_number_of_processes"]),
    "G4": ("stopped or killed again and again", [f"{ALONE}::test_killed_again_and_again", f"{RANKS}::test_killed_again_and_again",
                                                   f"{RANKS}::test_stopped_again_and_again"]),
    "H1": ("a loss is not finite", here("h1")),
    "H2": ("a validation loss is not finite", here("h2")),
    "H3": ("the weights of a rank change", ["distributed/ranks_test.py::test_weights_that_change_on_one_rank"]),
    "H4": ("the clock of a rank jumps", here("h4")),
    "I1": ("memory runs out", here("i1_meanwhile", "i1_limit")),
    "I2": ("the system kills a rank for memory", here("i2")),
    "I3": ("descriptors, threads and stack run out", here("i3_descriptors", "i3_mpirun", "i3_stack", "i3_threads")),
    "I4": ("shared memory is small", here("i4")),
}
