/* Waiting for descriptors: event counters, pipes, poll, epoll.
 *
 * A call that has to wait is put to sleep and, when any descriptor changes, executed again from its start
 * (restart_call); its deadline survives in the thread. */
#include "kernel.h"

#define OBJECTS 16
#define PIPE_SIZE 65536
#define INTERESTS 16

struct counter {
    u32 used, low, high, semaphore, changes;
};
struct pipe {
    u32 readers, writers; /* whether there are any */
    u32 start, length, changes;
    u8 data[PIPE_SIZE];
};
struct interest {
    u32 fd, events, data[2], seen, used; /* seen: changes already reported, for EPOLLET */
};
struct epoll {
    u32 used;
    struct interest interest[INTERESTS];
};

static struct counter counters[OBJECTS];
static struct pipe pipes[OBJECTS];
static struct epoll epolls[OBJECTS];

/* The last descriptor of a file is closed. */
void object_released(const struct file *f) {
    struct pipe *p = &pipes[f->object];
    switch (f->kind) {
    case EVENT:
        counters[f->object].used = 0;
        break;
    case EPOLL:
        epolls[f->object].used = 0;
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

/* The moment at which a wait ends; false if never. A call that is run again keeps the one it had. */
static int end_of_wait(const struct time *timeout, struct time *deadline) {
    current->remaining = 0;
    if (current->restarted) {
        current->restarted = 0;
        *deadline = current->deadline;
        return 1;
    }
    if (timeout)
        *deadline = after(now(), timeout->sec, timeout->nsec);
    return timeout != 0;
}

/* Nothing is ready. */
static long wait_for_change(int timed, const struct time *deadline) {
    if (timed && !before(now(), *deadline))
        return 0;
    return wait_as(POLLING, timed ? deadline : 0);
}

static long poll(u32 address, u32 count, const struct time *timeout) {
    long ready = 0;
    struct time deadline;
    int timed = end_of_wait(timeout, &deadline);
    if (count > FILES * 4)
        return -EINVAL;
    if (count && !user_words(address, 2 * count))
        return -EFAULT;
    for (u32 i = 0; i < count; i++) {
        u32 fd = WORD(address + 8 * i);
        u16 *events = (u16 *)(address + 8 * i + 4);
        struct file *f = file_at(fd);
        events[1] = 0;
        if ((int)fd < 0)
            continue;
        events[1] = f ? file_ready(f) & (events[0] | POLLERR | POLLHUP) : POLLNVAL;
        ready += events[1] != 0;
    }
    return ready ? ready : wait_for_change(timed, &deadline);
}

static struct time milliseconds(u32 ms) {
    return (struct time){ms / 1000, ms % 1000 * 1000000};
}

long sys_poll(u32 address, u32 count, u32 timeout) {
    struct time t = milliseconds(timeout);
    return poll(address, count, (int)timeout < 0 ? 0 : &t);
}

/* The result of a call that may wait under another signal mask and, as Linux does, writes back how much of its time-out
 * is left. */
static long leave_wait(long result, u32 timeout, int wide, struct time deadline) {
    if (current->state != RUNNABLE) { /* interrupt() does the same */
        current->remaining = timeout;
        current->remaining_wide = wide;
        return result;
    }
    if (timeout)
        write_time(timeout, wide, until(now(), deadline));
    mask_back();
    return result;
}

static long poll_until(u32 address, u32 count, u32 timeout, u32 mask, int wide) {
    struct time t, deadline;
    u32 size;
    int error;
    if (stack_argument(4, &size))
        return give_up(-EFAULT);
    if (timeout && (error = read_time(timeout, wide, &t)))
        return give_up(error);
    if ((error = mask_for_call(mask, size)))
        return give_up(error);
    if (timeout)
        deadline = current->restarted ? current->deadline : after(now(), t.sec, t.nsec);
    return leave_wait(poll(address, count, timeout ? &t : 0), timeout, wide, deadline);
}

long sys_ppoll(u32 address, u32 count, u32 timeout, u32 mask) {
    return poll_until(address, count, timeout, mask, 0);
}

long sys_ppoll64(u32 address, u32 count, u32 timeout, u32 mask) {
    return poll_until(address, count, timeout, mask, 1);
}

/* Which of the three sets asks for what, and what answers it, as Linux has it. */
static const u32 asked[3] = {POLLIN | POLLRDNORM | POLLHUP | POLLERR, POLLOUT | POLLERR, 0};

/* Sets of descriptors, 32 in a word; absent sets are null. */
static long select(u32 count, const u32 set[3], const struct time *timeout) {
    u32 words = ((count < FILES ? count : FILES) + 31) / 32, answer[3][FILES / 32] = {{0}};
    long ready = 0;
    struct time deadline;
    int timed = end_of_wait(timeout, &deadline);
    if ((int)count < 0)
        return -EINVAL;
    for (int i = 0; i < 3; i++)
        if (set[i] && words && !user_words(set[i], words))
            return -EFAULT;
    for (u32 fd = 0; fd < count && fd < FILES; fd++)
        for (int i = 0; i < 3; i++) {
            struct file *f = file_at(fd);
            u32 bit = 1u << (fd & 31);
            if (!set[i] || !(WORD(set[i] + 4 * (fd / 32)) & bit))
                continue;
            if (!f)
                return -EBADF;
            if (file_ready(f) & asked[i]) {
                answer[i][fd / 32] |= bit;
                ready++;
            }
        }
    if (!ready && (!timed || before(now(), deadline)))
        return wait_as(POLLING, timed ? &deadline : 0);
    for (int i = 0; i < 3; i++)
        for (u32 w = 0; set[i] && w < words; w++)
            WORD(set[i] + 4 * w) = answer[i][w];
    return ready;
}

static long select_until(u32 count, const u32 set[3], u32 timeout, int wide, u32 mask, u32 size) {
    struct time t, deadline;
    int error;
    if (timeout && (error = read_time(timeout, wide, &t)))
        return give_up(error);
    if ((error = mask_for_call(mask, size)))
        return give_up(error);
    if (timeout)
        deadline = current->restarted ? current->deadline : after(now(), t.sec, t.nsec);
    return leave_wait(select(count, set, timeout ? &t : 0), timeout, wide, deadline);
}

/* The time-out is in seconds and microseconds; what is left of it is written back. */
long sys_select(u32 count, u32 in, u32 out, u32 exceptional) {
    const u32 set[3] = {in, out, exceptional};
    u32 timeout;
    struct time t, deadline, left;
    long result;
    if (stack_argument(4, &timeout) || (timeout && !user_words(timeout, 2)))
        return give_up(-EFAULT);
    if (!timeout)
        return select(count, set, 0);
    t = (struct time){WORD(timeout), WORD(timeout + 4)};
    if ((int)t.sec < 0 || (int)t.nsec < 0)
        return give_up(-EINVAL);
    t = after((struct time){t.sec, 0}, t.nsec / 1000000, t.nsec % 1000000 * 1000);
    deadline = current->restarted ? current->deadline : after(now(), t.sec, t.nsec);
    result = select(count, set, &t);
    if (current->state == RUNNABLE) {
        left = until(now(), deadline);
        WORD(timeout) = left.sec;
        WORD(timeout + 4) = left.nsec / 1000;
    }
    return result;
}

static long pselect6(u32 count, u32 in, u32 out, u32 exceptional, int wide) {
    const u32 set[3] = {in, out, exceptional};
    u32 timeout, mask; /* address of the pair of mask and size */
    if (stack_argument(4, &timeout) || stack_argument(5, &mask) || (mask && !user_words(mask, 2)))
        return give_up(-EFAULT);
    return select_until(count, set, timeout, wide, mask ? WORD(mask) : 0, mask ? WORD(mask + 4) : 0);
}

long sys_pselect6(u32 count, u32 in, u32 out, u32 exceptional) {
    return pselect6(count, in, out, exceptional, 0);
}

long sys_pselect6_64(u32 count, u32 in, u32 out, u32 exceptional) {
    return pselect6(count, in, out, exceptional, 1);
}

long sys_epoll_create1(u32 flags) {
    if (flags & ~O_CLOEXEC)
        return -EINVAL;
    for (u32 i = 0; i < OBJECTS; i++)
        if (!epolls[i].used) {
            int fd = file_new(EPOLL, i, O_RDWR | flags);
            if (fd >= 0) {
                epolls[i].used = 1;
                for (int j = 0; j < INTERESTS; j++)
                    epolls[i].interest[j].used = 0;
            }
            return fd;
        }
    return -EMFILE;
}

long sys_epoll_create(u32 size) {
    return (int)size > 0 ? sys_epoll_create1(0) : -EINVAL;
}

/* A closed descriptor leaves every set. */
void epoll_forget(u32 fd) {
    for (int i = 0; i < OBJECTS; i++)
        if (epolls[i].used)
            for (int j = 0; j < INTERESTS; j++)
                if (epolls[i].interest[j].fd == fd)
                    epolls[i].interest[j].used = 0;
}

long sys_epoll_ctl(u32 epfd, u32 operation, u32 fd, u32 event) {
    struct file *e = file_at(epfd), *f = file_at(fd);
    struct interest *in = 0, *unused = 0;
    if (!e || !f)
        return -EBADF;
    if (e->kind != EPOLL || fd == epfd)
        return -EINVAL;
    if (f->kind != EVENT && f->kind != PIPE_READ && f->kind != PIPE_WRITE)
        return -EPERM;
    if (operation != EPOLL_CTL_DEL && !user_words(event, 4))
        return -EFAULT;
    for (int j = INTERESTS; j--;) {
        struct interest *x = &epolls[e->object].interest[j];
        if (!x->used)
            unused = x;
        else if (x->fd == fd)
            in = x;
    }
    switch (operation) {
    case EPOLL_CTL_ADD:
        if (in)
            return -EEXIST;
        if (!unused)
            return -ENOSPC;
        in = unused;
        break;
    case EPOLL_CTL_MOD:
        if (!in)
            return -ENOENT;
        break;
    case EPOLL_CTL_DEL:
        if (!in)
            return -ENOENT;
        in->used = 0;
        return 0;
    default:
        return -EINVAL;
    }
    in->used = 1;
    in->fd = fd;
    in->events = WORD(event);
    in->data[0] = WORD(event + 8);
    in->data[1] = WORD(event + 12);
    in->seen = file_changes(f) - 1;
    wake_pollers();
    return 0;
}

static long epoll_collect(struct epoll *e, u32 address, u32 limit) {
    u32 n = 0;
    for (int j = 0; j < INTERESTS && n < limit; j++) {
        struct interest *in = &e->interest[j];
        struct file *f = in->used ? file_at(in->fd) : 0;
        u32 ready;
        if (!f)
            continue;
        ready = file_ready(f) & (in->events | POLLERR | POLLHUP);
        if (!ready || ((in->events & EPOLLET) && in->seen == file_changes(f)))
            continue;
        in->seen = file_changes(f);
        if (in->events & EPOLLONESHOT)
            in->events = 0;
        WORD(address + 16 * n) = ready;
        WORD(address + 16 * n + 4) = 0;
        WORD(address + 16 * n + 8) = in->data[0];
        WORD(address + 16 * n + 12) = in->data[1];
        n++;
    }
    return n;
}

static long epoll_wait(u32 epfd, u32 address, u32 limit, const struct time *timeout) {
    struct file *e = file_at(epfd);
    struct time deadline;
    int timed = end_of_wait(timeout, &deadline);
    long n;
    if (!e)
        return -EBADF;
    if (e->kind != EPOLL || (int)limit <= 0 || limit > 0x1000000)
        return -EINVAL;
    if (!user_words(address, 4 * limit))
        return -EFAULT;
    n = epoll_collect(&epolls[e->object], address, limit);
    return n ? n : wait_for_change(timed, &deadline);
}

long sys_epoll_wait(u32 epfd, u32 address, u32 limit, u32 timeout) {
    struct time t = milliseconds(timeout);
    return epoll_wait(epfd, address, limit, (int)timeout < 0 ? 0 : &t);
}

/* With a signal mask while it waits: arguments 4 and 5. */
static long epoll_pwait(u32 epfd, u32 address, u32 limit, const struct time *timeout) {
    u32 mask, size;
    long result;
    int error;
    if (stack_argument(4, &mask) || stack_argument(5, &size))
        return give_up(-EFAULT);
    if ((error = mask_for_call(mask, size)))
        return give_up(error);
    result = epoll_wait(epfd, address, limit, timeout);
    if (current->state == RUNNABLE)
        mask_back();
    return result;
}

long sys_epoll_pwait(u32 epfd, u32 address, u32 limit, u32 timeout) {
    struct time t = milliseconds(timeout);
    return epoll_pwait(epfd, address, limit, (int)timeout < 0 ? 0 : &t);
}

long sys_epoll_pwait2(u32 epfd, u32 address, u32 limit, u32 timeout) {
    struct time t;
    int error;
    if (timeout && (error = read_time(timeout, 1, &t)))
        return give_up(error);
    return epoll_pwait(epfd, address, limit, timeout ? &t : 0);
}
