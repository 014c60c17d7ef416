// LAPACK's C interface. Debian builds OpenBLAS without it, hence a library of its own.
#include <lapacke.h>
