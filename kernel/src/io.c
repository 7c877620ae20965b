/* Reading and writing. Standard input is the private tape, descriptor 3 the public input, standard
 * output the output tape; all three are plain memory.
 *
 * The private tape is the prover's to choose, its length word included: the length is bounded by the
 * region before any use, and no offset beyond it is read. */
#include "kernel.h"

#define IOV_MAX 1024
#define OUTPUT_MAX (TAPE_SIZE - 8)

u32 output_length;
static u32 input_position, public_position;

static u32 input_length(void) {
    u32 length = WORD(PRIVATE_TAPE);
    return length < PRIVATE_SIZE - 4 ? length : PRIVATE_SIZE - 4;
}

/* Bytes of a tape that are left after `position`, which nothing but reading moves. */
static u32 left(u32 length, u32 position) {
    return position < length ? length - position : 0;
}

u32 tape_left(void) {
    return left(input_length(), input_position);
}

u32 public_left(void) {
    u32 length;
    public_part(2, &length);
    return left(length, public_position);
}

static long read_tape(u32 start, u32 available, u32 *position, u32 buffer, u32 length) {
    if (length > available)
        length = available;
    copy((void *)buffer, (const void *)(start + *position), length);
    *position += length;
    return length;
}

/* The buffer is checked. Neither this nor write_file waits: -EAGAIN says that they would have to. */
static long read_file(struct file *f, u32 buffer, u32 length) {
    u32 unused;
    switch (f->kind) {
    case STDIN:
        return read_tape(PRIVATE_TAPE + 4, tape_left(), &input_position, buffer, length);
    case PUBLIC:
        return read_tape(public_part(2, &unused), public_left(), &public_position, buffer, length);
    case EVENT:
        return event_read(f, buffer, length);
    case PIPE_READ:
        return pipe_read(f, buffer, length);
    case NOTHING:
        return (f->flags & O_ACCMODE) == O_WRONLY ? -EBADF : 0;
    case EPOLL:
        return -EINVAL;
    default:
        return -EBADF;
    }
}

static long write_file(struct file *f, u32 buffer, u32 length) {
    switch (f->kind) {
    case STDOUT:
        if (length > OUTPUT_MAX - output_length)
            length = OUTPUT_MAX - output_length;
        if (!length)
            return output_length == OUTPUT_MAX ? -ENOSPC : 0;
        copy((void *)(OUTPUT_TAPE + 8 + output_length), (const void *)buffer, length);
        output_length += length;
        HOST(HOST_STDOUT, buffer, length, 0, 0);
        return length;
    case STDERR:
        HOST(HOST_STDERR, buffer, length, 0, 0);
        return length;
    case EVENT:
        return event_write(f, buffer, length);
    case PIPE_WRITE: {
        u32 part[2] = {buffer, length};
        return pipe_write(f, part, 1, length);
    }
    case NOTHING:
        return (f->flags & O_ACCMODE) == 0 ? -EBADF : (long)length;
    case EPOLL:
        return -EINVAL;
    default:
        return -EBADF;
    }
}

static long or_wait(const struct file *f, long result) {
    return result == -EAGAIN && !(f->flags & O_NONBLOCK) ? wait_as(ON_FILE, 0) : result;
}

long sys_read(u32 fd, u32 buffer, u32 length) {
    struct file *f = file_at(fd);
    if (!f)
        return -EBADF;
    if (!user_bytes(buffer, length)) {
        if (length)
            return -EFAULT;
        buffer = USER_START;
    }
    return or_wait(f, read_file(f, buffer, length));
}

long sys_write(u32 fd, u32 buffer, u32 length) {
    struct file *f = file_at(fd);
    if (!f)
        return give_up(-EBADF);
    if (!user_bytes(buffer, length)) {
        if (length)
            return give_up(-EFAULT);
        buffer = USER_START;
    }
    return or_wait(f, write_file(f, buffer, length));
}

/* Every buffer is checked before the first is used. */
static long vector(u32 fd, u32 address, u32 count, long (*one)(struct file *, u32, u32)) {
    struct file *f = file_at(fd);
    long total = 0;
    u32 sum = 0;
    if (!f)
        return give_up(-EBADF);
    if (count > IOV_MAX)
        return give_up(-EINVAL);
    if (count && !user_words(address, 2 * count))
        return give_up(-EFAULT);
    for (u32 i = 0; i < count; i++) {
        u32 base = WORD(address + 8 * i), length = WORD(address + 8 * i + 4);
        if (length > 0x7FFFFFFF - sum)
            return give_up(-EINVAL);
        sum += length;
        if (length && !user_bytes(base, length))
            return give_up(-EFAULT);
    }
    if (!sum)
        return one(f, USER_START, 0);
    if (one == write_file && f->kind == PIPE_WRITE)
        return or_wait(f, pipe_write(f, (const u32 *)address, count, sum));
    for (u32 i = 0; i < count; i++) {
        u32 base = WORD(address + 8 * i), length = WORD(address + 8 * i + 4);
        long n;
        if (!length)
            continue;
        n = one(f, base, length);
        if (n < 0)
            return total ? total : or_wait(f, n);
        total += n;
        if ((u32)n < length)
            break;
    }
    return total;
}

long sys_readv(u32 fd, u32 address, u32 count) {
    return vector(fd, address, count, read_file);
}

long sys_writev(u32 fd, u32 address, u32 count) {
    return vector(fd, address, count, write_file);
}

/* Nothing here has a position that could be chosen: of the offset, the aligned pair of words at 16($sp), only the sign
 * matters. */
static long at_offset(u32 fd, u32 buffer, u32 length, long (*one)(struct file *, u32, u32)) {
    struct file *f = file_at(fd);
    u32 high;
    if (stack_argument(4 + HIGH_WORD, &high))
        return -EFAULT;
    if ((int)high < 0)
        return -EINVAL;
    if (!f)
        return -EBADF;
    if (f->kind != NOTHING)
        return -ESPIPE;
    return !length || user_bytes(buffer, length) ? one(f, buffer, length) : -EFAULT;
}

long sys_pread64(u32 fd, u32 buffer, u32 length) {
    return at_offset(fd, buffer, length, read_file);
}

long sys_pwrite64(u32 fd, u32 buffer, u32 length) {
    return at_offset(fd, buffer, length, write_file);
}

/* Neither have a length, or a disk to be written to. */
long sys_ftruncate64(u32 fd) {
    return file_at(fd) ? -EINVAL : -EBADF;
}

long sys_fsync(u32 fd) {
    return file_at(fd) ? -EINVAL : -EBADF;
}

long sys_lseek(u32 fd, u32 offset, u32 whence) {
    struct file *f = file_at(fd);
    (void)offset;
    if (!f)
        return -EBADF;
    if (whence > SEEK_HOLE)
        return -EINVAL;
    return f->kind == NOTHING ? 0 : -ESPIPE;
}

long sys_llseek(u32 fd, u32 high, u32 low, u32 result) {
    u32 whence;
    long r = stack_argument(4, &whence) ? -EFAULT : sys_lseek(fd, low, whence);
    (void)high;
    if (r < 0)
        return r;
    if (!user_words(result, 2))
        return -EFAULT;
    WORD(result) = WORD(result + 4) = 0;
    return 0;
}
