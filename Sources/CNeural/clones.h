// A function with this mark is compiled twice on x86: for every processor, and for those with AVX2 and FMA.
#pragma once

#if defined(__x86_64__) && defined(__gnu_linux__)
#define CLONES __attribute__((target_clones("arch=haswell", "default")))
#else
#define CLONES
#endif
