/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "auth/pool_key.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

#define FORM "gatehouse-pool-key 1 "
#define FORM_LENGTH (sizeof FORM - 1)
#define HEX_LENGTH (2 * POOL_KEY_BYTES)
#define TEXT_LENGTH (FORM_LENGTH + HEX_LENGTH + 1) /* and the end of the line */

void pool_key_wipe(struct pool_key *key)
{
        sodium_memzero(key, sizeof *key);
}

static bool text_write(int fd, const char *text)
{
        return write(fd, text, TEXT_LENGTH) == (ssize_t)TEXT_LENGTH && fsync(fd) == 0;
}

int pool_key_make(const char *path, uid_t owner, struct fault *fault)
{
        AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        AUTO_POOL_KEY struct pool_key key;
        char text[TEXT_LENGTH + 1] = FORM;

        if (fd < 0 && errno == EEXIST)
                return fault_set(fault, FAULT_CONFLICT, "make pool key %s: it is there already", path);
        if (fd < 0)
                return fault_set_errno(fault, FAULT_INTERNAL, errno, "make pool key %s", path);
        if (sodium_init() < 0)
                return fault_set(fault, FAULT_INTERNAL, "make pool key %s: no random numbers", path);
        randombytes_buf(key.bytes, sizeof key.bytes);
        sodium_bin2hex(text + FORM_LENGTH, HEX_LENGTH + 1, key.bytes, sizeof key.bytes);
        text[TEXT_LENGTH - 1] = '\n';
        bool done = fchmod(fd, 0600) == 0 && text_write(fd, text) && fchown(fd, owner, (gid_t)-1) == 0;
        int error = errno;
        sodium_memzero(text, sizeof text);
        if (done)
                return 0;
        unlink(path);
        return fault_set_errno(fault, FAULT_INTERNAL, error, "write pool key %s", path);
}

static bool text_parse(const char *text, size_t length, struct pool_key *key)
{
        size_t bytes = 0;

        return length == TEXT_LENGTH && memcmp(text, FORM, FORM_LENGTH) == 0 && text[length - 1] == '\n' &&
               sodium_hex2bin(key->bytes, sizeof key->bytes, text + FORM_LENGTH, HEX_LENGTH, NULL, &bytes, NULL) ==
                       0 &&
               bytes == sizeof key->bytes;
}

int pool_key_read(const char *path, struct pool_key *key, struct fault *fault)
{
        AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        char text[TEXT_LENGTH + 1];
        struct stat status;
        ssize_t got;

        if (fd < 0 || fstat(fd, &status) < 0)
                return fault_set_errno(fault, FAULT_UNAVAILABLE, errno, "read pool key %s", path);
        if ((status.st_mode & (S_IRWXG | S_IRWXO)) || (status.st_uid != geteuid() && status.st_uid != 0))
                return fault_set(fault, FAULT_FORBIDDEN,
                                 "read pool key %s: it must belong to the user of gatehoused, mode 0600", path);
        if ((got = read(fd, text, sizeof text)) < 0)
                return fault_set_errno(fault, FAULT_UNAVAILABLE, errno, "read pool key %s", path);
        bool formed = text_parse(text, (size_t)got, key);
        sodium_memzero(text, sizeof text);
        return formed ? 0
                      : fault_set(fault, FAULT_INVALID,
                                  "read pool key %s: not a key as gatehoused --make-pool-key makes it", path);
}
