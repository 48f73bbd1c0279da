/* A disk that flushes slowly: loaded before libc (LD_PRELOAD), it makes fsync and fdatasync wait first, for as many
 * microseconds as the file named by FLUSH_MICROSECONDS_FILE says at that moment. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void wait_as_told(void) {
    const char *path = getenv("FLUSH_MICROSECONDS_FILE");
    char text[16] = {0};
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    long microseconds = length > 0 ? strtol(text, NULL, 10) : 0;
    if (microseconds > 0) {
        struct timespec pause = {microseconds / 1000000, microseconds % 1000000 * 1000};
        nanosleep(&pause, NULL);
    }
}

int fsync(int file) {
    int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    wait_as_told();
    return next(file);
}

int fdatasync(int file) {
    int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    wait_as_told();
    return next(file);
}
