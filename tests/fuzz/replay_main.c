/* Runs every file of a folder through a fuzz target once: what a fuzzer found stays found, with any compiler. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static int replay(const char *path, size_t size)
{
    /* exactly as long as the input: a sanitizer then sees a read past its end */
    uint8_t *bytes = malloc(size ? size : 1);
    FILE *f = fopen(path, "rb");
    int bad = !f || !bytes || fread(bytes, 1, size, f) != size;

    if (f)
        fclose(f);
    if (bad)
        fprintf(stderr, "%s: cannot be read\n", path);
    else
        LLVMFuzzerTestOneInput(bytes, size);
    free(bytes);
    return bad;
}

static int replay_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    int n = 0, n_bad = 0;

    while (dir && (entry = readdir(dir))) {
        char path[4096];
        struct stat st;

        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
            continue;
        n++;
        n_bad += replay(path, (size_t)st.st_size);
    }
    if (dir)
        closedir(dir);
    printf("%s: %d inputs\n", folder, n);
    if (n == 0)
        fprintf(stderr, "%s: nothing to replay: %s\n", folder, dir ? "empty" : strerror(errno));
    return n == 0 || n_bad > 0;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    return replay_folder(argv[1]);
}
