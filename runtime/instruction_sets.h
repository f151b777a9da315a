// For functions that newer instructions make quicker: each is compiled for several instruction sets, and the CPU's best is chosen
// at start.
#pragma once

#if defined(__x86_64__)
#define FOR_EACH_INSTRUCTION_SET [[gnu::target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")]]
#else
#define FOR_EACH_INSTRUCTION_SET
#endif
