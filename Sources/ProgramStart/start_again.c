#define _GNU_SOURCE
#include "AdaDimProgramStart.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A file's bytes, to be freed; NULL if they cannot be read. */
static char *contents(const char *path, size_t *length) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    char *bytes = NULL;
    size_t capacity = 0;
    *length = 0;
    while (file >= 0) {
        if (*length == capacity) {
            capacity = capacity == 0 ? 4096 : 2 * capacity;
            char *larger = realloc(bytes, capacity);
            if (larger == NULL) break;
            bytes = larger;
        }
        ssize_t count = read(file, bytes + *length, capacity - *length);
        if (count > 0) {
            *length += (size_t)count;
        } else if (count == 0) {
            close(file);
            return bytes;
        } else if (errno != EINTR) {
            break;
        }
    }
    free(bytes);
    if (file >= 0) close(file);
    return NULL;
}

char **adadim_command_line(size_t *count) {
    size_t length;
    char *bytes = contents("/proc/self/cmdline", &length);
    if (bytes == NULL) return NULL;
    *count = 0;
    for (size_t i = 0; i < length; i++) *count += bytes[i] == 0;
    /* The pointers, and after them what they point to. */
    size_t pointers = (*count + 1) * sizeof(char *);
    char **words = *count > 0 && bytes[length - 1] == 0 ? malloc(pointers + length) : NULL;
    if (words != NULL) {
        char *next = memcpy((char *)words + pointers, bytes, length);
        for (size_t i = 0; i < *count; i++, next += strlen(next) + 1) words[i] = next;
        words[*count] = NULL;
    }
    free(bytes);
    return words;
}

void adadim_start_again(void) {
    size_t count;
    char **words = adadim_command_line(&count);
    if (words != NULL) execv(ADADIM_PROGRAM, words);
    free(words);
}
