// libpng's simplified API: a whole picture from and to memory. Its pkg-config file names its header folder, so the plain
// name is enough.
#include <png.h>
