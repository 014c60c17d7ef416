// The header by itself: that it compiles alone, and that its structs lie in memory as callers in other languages
// declare them.
#include "adadim.h"

_Static_assert(sizeof(adadim_options) == 72, "adadim_options");
_Static_assert(sizeof(adadim_layer_info) == 160, "adadim_layer_info");
_Static_assert(sizeof(adadim_blas) == 48, "adadim_blas");
