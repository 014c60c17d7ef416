// The header by itself: that it compiles alone.
#include "adadim.h"
