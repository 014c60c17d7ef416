// The CBLAS calls, and OpenBLAS's own thread and kernel queries. OpenBLAS's pkg-config file names its
// header folder, so the plain name is enough.
#include <cblas.h>
