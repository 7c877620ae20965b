/* What descriptors stand for that is no tape: event counters and pipes; and whether a file is ready. */
#include "kernel.h"

struct counter {
    u32 used, low, high, semaphore, changes;
};
struct pipe {
    u32 readers, writers; /* whether there are any */
    u32 start, length, changes;
    u8 data[PIPE_SIZE];
};

static struct counter counters[OBJECTS];
static struct pipe pipes[OBJECTS];

u32 bytes_to_read(const struct file *f) {
    switch (f->kind) {
    case STDIN:
        return tape_left();
    case PUBLIC:
        return public_left();
    case PIPE_READ:
    case PIPE_WRITE:
        return pipes[f->object].length;
    default:
        return 0;
    }
}

/* The last descriptor of a file is closed. */
void object_released(const struct file *f) {
    struct pipe *p = &pipes[f->object];
    epoll_forget(f);
    switch (f->kind) {
    case EVENT:
        counters[f->object].used = 0;
        break;
    case PIPE_READ:
    case PIPE_WRITE:
        *(f->kind == PIPE_READ ? &p->readers : &p->writers) = 0;
        p->changes++;
        wake_pollers();
        break;
    }
}

u32 file_ready(const struct file *f) {
    const struct pipe *p = &pipes[f->object];
    const struct counter *c = &counters[f->object];
    switch (f->kind) {
    case STDIN:
    case PUBLIC: /* as a pipe whose writer has gone */
        return (f->kind == STDIN ? tape_left() : public_left()) ? POLLIN | POLLRDNORM | POLLHUP : POLLHUP;
    case STDOUT:
    case STDERR:
        return POLLOUT;
    case NOTHING:
        return POLLIN | POLLRDNORM | POLLOUT;
    case EVENT:
        return (c->low | c->high ? POLLIN | POLLRDNORM : 0) |
               (c->high < 0xFFFFFFFF || c->low < 0xFFFFFFFE ? POLLOUT : 0);
    case PIPE_READ:
        return (p->length ? POLLIN | POLLRDNORM : 0) | (p->writers ? 0 : POLLHUP);
    case PIPE_WRITE:
        return !p->readers ? POLLOUT | POLLERR : p->length < PIPE_SIZE ? POLLOUT : 0;
    default:
        return 0;
    }
}

u32 file_changes(const struct file *f) {
    switch (f->kind) {
    case EVENT:
        return counters[f->object].changes;
    case PIPE_READ:
    case PIPE_WRITE:
        return pipes[f->object].changes;
    default:
        return 0;
    }
}

long sys_eventfd2(u32 initial, u32 flags) {
    if (flags & ~(O_CLOEXEC | O_NONBLOCK | EFD_SEMAPHORE))
        return -EINVAL;
    for (u32 i = 0; i < OBJECTS; i++)
        if (!counters[i].used) {
            int fd = file_new(EVENT, i, O_RDWR | (flags & ~EFD_SEMAPHORE));
            if (fd >= 0)
                counters[i] = (struct counter){1, initial, 0, flags & EFD_SEMAPHORE, 0};
            return fd;
        }
    return -EMFILE;
}

long sys_eventfd(u32 initial) {
    return sys_eventfd2(initial, 0);
}

long event_read(struct file *f, u32 buffer, u32 length) {
    struct counter *c = &counters[f->object];
    u32 value[2];
    if (length < 8)
        return -EINVAL;
    if (!(c->low | c->high))
        return -EAGAIN;
    if (c->semaphore) {
        value[HIGH_WORD] = 0;
        value[LOW_WORD] = 1;
        if (!c->low--)
            c->high--;
    } else {
        value[HIGH_WORD] = c->high;
        value[LOW_WORD] = c->low;
        c->low = c->high = 0;
    }
    copy((void *)buffer, value, 8);
    c->changes++;
    wake_pollers();
    return 8;
}

/* The count never reaches 2^64 - 1. */
long event_write(struct file *f, u32 buffer, u32 length) {
    struct counter *c = &counters[f->object];
    u32 value[2], low, high;
    if (length < 8)
        return -EINVAL;
    copy(value, (const void *)buffer, 8);
    if (value[0] == 0xFFFFFFFF && value[1] == 0xFFFFFFFF)
        return -EINVAL;
    low = c->low + value[LOW_WORD];
    high = c->high + (low < c->low);
    if (high < c->high || high + value[HIGH_WORD] < high ||
        (high + value[HIGH_WORD] == 0xFFFFFFFF && low == 0xFFFFFFFF))
        return -EAGAIN;
    c->low = low;
    c->high = high + value[HIGH_WORD];
    c->changes++;
    wake_pollers();
    return 8;
}

static long new_pipe(u32 flags, u32 fds[2]) {
    if (flags & ~(O_CLOEXEC | O_NONBLOCK))
        return -EINVAL;
    for (u32 i = 0; i < OBJECTS; i++) {
        struct pipe *p = &pipes[i];
        int in, out;
        if (p->readers | p->writers)
            continue;
        in = file_new(PIPE_READ, i, flags);
        if (in < 0)
            return in;
        out = file_new(PIPE_WRITE, i, flags | O_WRONLY);
        p->readers = 1;
        if (out < 0) {
            sys_close(in);
            return out;
        }
        p->writers = 1;
        p->start = p->length = p->changes = 0;
        fds[0] = in;
        fds[1] = out;
        return 0;
    }
    return -EMFILE;
}

long sys_pipe2(u32 address, u32 flags) {
    u32 fds[2];
    long error;
    if (!user_words(address, 2))
        return -EFAULT;
    error = new_pipe(flags, fds);
    if (error)
        return error;
    WORD(address) = fds[0];
    WORD(address + 4) = fds[1];
    return 0;
}

/* Returns the pair in $v0 and $v1; the fast path leaves $v1 alone, a switch of threads reloads it. */
long sys_pipe(void) {
    u32 fds[2];
    long error = new_pipe(0, fds);
    if (error)
        return error;
    current->r[3] = fds[1];
    reschedule();
    return fds[0];
}

long pipe_read(struct file *f, u32 buffer, u32 length) {
    struct pipe *p = &pipes[f->object];
    u32 first;
    if (!length)
        return 0;
    if (!p->length)
        return p->writers ? -EAGAIN : 0;
    if (length > p->length)
        length = p->length;
    first = PIPE_SIZE - p->start < length ? PIPE_SIZE - p->start : length;
    copy((void *)buffer, p->data + p->start, first);
    copy((void *)(buffer + first), p->data, length - first);
    p->start = (p->start + length) & (PIPE_SIZE - 1);
    p->length -= length;
    p->changes++;
    wake_pollers();
    return length;
}

/* Appends what fits. */
static u32 pipe_put(struct pipe *p, u32 buffer, u32 length) {
    u32 end = (p->start + p->length) & (PIPE_SIZE - 1), first;
    if (length > PIPE_SIZE - p->length)
        length = PIPE_SIZE - p->length;
    first = PIPE_SIZE - end < length ? PIPE_SIZE - end : length;
    copy(p->data + end, (const void *)buffer, first);
    copy(p->data, (const void *)(buffer + first), length - first);
    p->length += length;
    return length;
}

/* The parts are pairs of address and length. PIPE_BUF (4096) bytes or fewer go in one piece. A blocking descriptor takes
 * everything, however long that lasts: what it has taken is kept in the thread while it waits. */
long pipe_write(struct file *f, const u32 *part, u32 parts, u32 total) {
    struct pipe *p = &pipes[f->object];
    u32 old = current->progress, done = old, skip = old, n;
    current->progress = 0;
    if (!total)
        return 0;
    if (!p->readers) {
        send_to_thread(current, SIGPIPE, from_user(SI_USER));
        return done ? (long)done : -EPIPE;
    }
    if (total > PAGE || total <= PIPE_SIZE - p->length)
        for (; parts; parts--, part += 2) {
            if (skip >= part[1]) {
                skip -= part[1];
                continue;
            }
            n = pipe_put(p, part[0] + skip, part[1] - skip);
            done += n;
            if (n < part[1] - skip)
                break;
            skip = 0;
        }
    if (done != old) {
        p->changes++;
        wake_pollers();
    }
    if (done >= total || ((f->flags & O_NONBLOCK) && done))
        return done;
    if (!(f->flags & O_NONBLOCK))
        current->progress = done;
    return -EAGAIN; /* which waits if it may */
}
