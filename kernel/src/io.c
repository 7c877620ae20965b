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

/* The buffer is checked. */
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
    case PIPE_WRITE:
        return pipe_write(f, buffer, length);
    case NOTHING:
        return (f->flags & O_ACCMODE) == 0 ? -EBADF : (long)length;
    case EPOLL:
        return -EINVAL;
    default:
        return -EBADF;
    }
}

long sys_read(u32 fd, u32 buffer, u32 length) {
    struct file *f = file_at(fd);
    if (!f)
        return -EBADF;
    if (!user_bytes(buffer, length))
        return length ? -EFAULT : read_file(f, USER_START, 0);
    return read_file(f, buffer, length);
}

long sys_write(u32 fd, u32 buffer, u32 length) {
    struct file *f = file_at(fd);
    if (!f)
        return -EBADF;
    if (!user_bytes(buffer, length))
        return length ? -EFAULT : write_file(f, USER_START, 0);
    return write_file(f, buffer, length);
}

/* Every buffer is checked before the first is used. */
static long vector(u32 fd, u32 address, u32 count, long (*one)(struct file *, u32, u32)) {
    struct file *f = file_at(fd);
    long total = 0;
    u32 sum = 0;
    if (!f)
        return -EBADF;
    if (count > IOV_MAX)
        return -EINVAL;
    if (count && !user_words(address, 2 * count))
        return -EFAULT;
    for (u32 i = 0; i < count; i++) {
        u32 base = WORD(address + 8 * i), length = WORD(address + 8 * i + 4);
        if (length > 0x7FFFFFFF - sum)
            return -EINVAL;
        sum += length;
        if (length && !user_bytes(base, length))
            return -EFAULT;
    }
    for (u32 i = 0; i < count; i++) {
        u32 base = WORD(address + 8 * i), length = WORD(address + 8 * i + 4);
        long n;
        if (!length)
            continue;
        n = one(f, base, length);
        if (n < 0)
            return total ? total : n;
        total += n;
        if ((u32)n < length)
            break;
    }
    return total;
}

/* A descriptor that may block is read into the first buffer only: the call is run again to wait, and must not have
 * consumed anything before. */
static long read_some(struct file *f, u32 buffer, u32 length) {
    if ((f->kind == PIPE_READ || f->kind == EVENT) && !(file_ready(f) & (POLLIN | POLLHUP)))
        return -EAGAIN;
    return read_file(f, buffer, length);
}

long sys_readv(u32 fd, u32 address, u32 count) {
    struct file *f = file_at(fd);
    if (f && (f->kind == PIPE_READ || f->kind == EVENT) && !(f->flags & O_NONBLOCK) &&
        !(file_ready(f) & (POLLIN | POLLHUP)))
        return wait_as(POLLING, 0);
    return vector(fd, address, count, read_some);
}

long sys_writev(u32 fd, u32 address, u32 count) {
    return vector(fd, address, count, write_file);
}

/* Nothing here has a position that could be chosen. */
long sys_pread64(u32 fd, u32 buffer, u32 length) {
    (void)buffer;
    (void)length;
    return file_at(fd) ? -ESPIPE : -EBADF;
}

long sys_lseek(u32 fd, u32 offset, u32 whence) {
    struct file *f = file_at(fd);
    (void)offset;
    (void)whence;
    if (!f)
        return -EBADF;
    return f->kind == NOTHING ? 0 : -ESPIPE;
}

long sys_llseek(u32 fd, u32 high, u32 low, u32 result) {
    long r = sys_lseek(fd, high, low);
    if (r < 0)
        return r;
    if (!user_words(result, 2))
        return -EFAULT;
    WORD(result) = WORD(result + 4) = 0;
    return 0;
}
