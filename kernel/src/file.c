/* Descriptors. 0-2 are the standard ones, 3 is the public input; pipes, event counters, epoll
 * instances and /dev/null can be opened. There are no files. */
#include "kernel.h"

static struct file files[FILES] = {{STDIN, 0, 0, 1}, {STDOUT, 0, O_WRONLY, 1}, {STDERR, 0, O_WRONLY, 1}, {PUBLIC, 0, 0, 1}};

static struct descriptor {
    struct file *file; /* null if it is closed */
    u32 on_exec;       /* FD_CLOEXEC */
} descriptors[FILES] = {{&files[0], 0}, {&files[1], 0}, {&files[2], 0}, {&files[3], 0}};

struct file *file_at(u32 fd) {
    return fd < FILES ? descriptors[fd].file : 0;
}

static int lowest_free(u32 from) {
    for (u32 fd = from; fd < FILES; fd++)
        if (!descriptors[fd].file)
            return fd;
    return -EMFILE;
}

/* Flags as open(2) takes them. There are as many files as descriptors, so one is unused if a descriptor is. */
int file_new(enum kind kind, u32 object, u32 flags) {
    int fd = lowest_free(0);
    struct file *f = files;
    if (fd < 0)
        return fd;
    while (f->references)
        f++;
    *f = (struct file){kind, object, flags & (O_ACCMODE | O_STATUS), 1};
    descriptors[fd] = (struct descriptor){f, (flags & O_CLOEXEC) != 0};
    return fd;
}

long sys_close(u32 fd) {
    struct file *f = file_at(fd);
    if (!f)
        return -EBADF;
    descriptors[fd].file = 0;
    if (!--f->references)
        object_released(f);
    return 0;
}

static long duplicate(u32 old, u32 new, u32 close_on_exec) {
    descriptors[new] = (struct descriptor){descriptors[old].file, close_on_exec};
    descriptors[new].file->references++;
    return new;
}

static long duplicate_from(u32 old, u32 from, u32 close_on_exec) {
    int fd;
    if (!file_at(old))
        return -EBADF;
    if (from >= FILES)
        return -EINVAL;
    fd = lowest_free(from);
    return fd < 0 ? fd : duplicate(old, fd, close_on_exec);
}

long sys_dup(u32 old) {
    return duplicate_from(old, 0, 0);
}

static long replace(u32 old, u32 new, u32 close_on_exec) {
    if (!file_at(old) || new >= FILES)
        return -EBADF;
    sys_close(new);
    return duplicate(old, new, close_on_exec);
}

long sys_dup2(u32 old, u32 new) {
    return old == new && file_at(old) ? (long)new : replace(old, new, 0);
}

long sys_dup3(u32 old, u32 new, u32 flags) {
    if (old == new || (flags & ~O_CLOEXEC))
        return -EINVAL;
    return replace(old, new, (flags & O_CLOEXEC) != 0);
}

/* The standard descriptors and the public input look like pipes. */
static int is_pipe(const struct file *f) {
    return f->kind != NOTHING && f->kind != EVENT && f->kind != EPOLL;
}

long sys_fcntl(u32 fd, u32 command, u32 value) {
    struct file *f = file_at(fd);
    if (!f)
        return -EBADF;
    switch (command) {
    case F_DUPFD:
        return duplicate_from(fd, value, 0);
    case F_DUPFD_CLOEXEC:
        return duplicate_from(fd, value, 1);
    case F_GETFD:
        return descriptors[fd].on_exec;
    case F_SETFD:
        descriptors[fd].on_exec = value & FD_CLOEXEC;
        return 0;
    case F_GETFL:
        return f->flags;
    case F_SETFL:
        f->flags = (f->flags & O_ACCMODE) | (value & O_STATUS);
        return 0;
    case F_GETOWN: /* nobody has set one */
        return 0;
    case F_GETPIPE_SZ:
        return is_pipe(f) ? PIPE_SIZE : -EBADF;
    case F_SETPIPE_SZ: /* to what it is */
        return !is_pipe(f) ? -EBADF : value > PIPE_SIZE / 2 && value <= PIPE_SIZE ? PIPE_SIZE : -EPERM;
    default:
        return -EINVAL;
    }
}

/* What every file has, and how much there is to read. */
long sys_ioctl(u32 fd, u32 request, u32 argument) {
    struct file *f = file_at(fd);
    if (!f)
        return -EBADF;
    switch (request) {
    case FIOCLEX:
    case FIONCLEX:
        descriptors[fd].on_exec = request == FIOCLEX;
        return 0;
    case FIONBIO:
        if (!user_words(argument, 1))
            return -EFAULT;
        f->flags = (f->flags & O_ACCMODE) | (WORD(argument) ? O_NONBLOCK : 0);
        return 0;
    case FIONREAD:
        if (!is_pipe(f))
            return -ENOTTY;
        if (!user_words(argument, 1))
            return -EFAULT;
        WORD(argument) = bytes_to_read(f);
        return 0;
    default:
        return -ENOTTY;
    }
}

static u32 mode(const struct file *f) {
    return f->kind == NOTHING ? S_IFCHR | 0666 : is_pipe(f) ? S_IFIFO | 0600 : 0600;
}

/* struct stat64 of o32: 104 bytes. */
long sys_fstat64(u32 fd, u32 address) {
    struct file *f = file_at(fd);
    if (!f)
        return -EBADF;
    if (!user_words(address, 26))
        return -EFAULT;
    zero(address, address + 104);
    WORD(address + 16 + 4 * LOW_WORD) = f - files + 1; /* inode */
    WORD(address + 24) = mode(f);
    WORD(address + 28) = 1; /* links */
    WORD(address + 32) = WORD(address + 36) = USER_ID;
    WORD(address + 88) = PAGE;
    return 0;
}

/* Only for open descriptors: (fd, "", AT_EMPTY_PATH). */
long sys_statx(u32 fd, u32 path, u32 flags, u32 mask) {
    u32 address;
    struct file *f;
    (void)mask;
    if (stack_argument(4, &address) || user_string(path) < 0 || !user_words(address, 64))
        return -EFAULT;
    if (*(const char *)path || !(flags & AT_EMPTY_PATH))
        return -ENOENT;
    f = file_at(fd);
    if (!f)
        return -EBADF;
    zero(address, address + 256);
    WORD(address) = 0x7FF;
    WORD(address + 4) = PAGE;
    WORD(address + 16) = 1;
    WORD(address + 20) = WORD(address + 24) = USER_ID;
    *(u16 *)(address + 28) = mode(f);
    WORD(address + 32 + 4 * LOW_WORD) = f - files + 1;
    return 0;
}

static int is_null_device(u32 path) {
    static const char name[] = "/dev/null";
    for (u32 i = 0; i < sizeof name; i++)
        if (((const char *)path)[i] != name[i])
            return 0;
    return 1;
}

long sys_open(u32 path, u32 flags) {
    if (user_string(path) < 0)
        return -EFAULT;
    if (!is_null_device(path))
        return -ENOENT;
    return file_new(NOTHING, 0, flags);
}

long sys_openat(u32 directory, u32 path, u32 flags) {
    (void)directory;
    return sys_open(path, flags);
}

/* Calls that ask about a path in their first or second argument: there is no such file. */
long sys_path_first(u32 path) {
    return user_string(path) < 0 ? -EFAULT : -ENOENT;
}

long sys_path_second(u32 directory, u32 path) {
    (void)directory;
    return sys_path_first(path);
}
