/* Waiting for descriptors: poll, select, epoll.
 *
 * A call that has to wait is put to sleep and, when any descriptor changes, executed again from its start
 * (restart_call); its deadline survives in the thread. */
#include "kernel.h"

#define INTERESTS 16

struct interest {
    struct file *file; /* null if unused; a descriptor's duplicates keep the interest when it is closed */
    u32 fd, events, data[2], seen; /* seen: changes already reported, for EPOLLET */
};
static struct epoll {
    u32 used;
    struct interest interest[INTERESTS];
} epolls[OBJECTS];

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
                    epolls[i].interest[j].file = 0;
            }
            return fd;
        }
    return -EMFILE;
}

long sys_epoll_create(u32 size) {
    return (int)size > 0 ? sys_epoll_create1(0) : -EINVAL;
}

/* A closed file leaves every set, or is one. */
void epoll_forget(const struct file *f) {
    if (f->kind == EPOLL)
        epolls[f->object].used = 0;
    for (int i = 0; i < OBJECTS; i++)
        if (epolls[i].used)
            for (int j = 0; j < INTERESTS; j++)
                if (epolls[i].interest[j].file == f)
                    epolls[i].interest[j].file = 0;
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
        if (!x->file)
            unused = x;
        else if (x->fd == fd && x->file == f)
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
        in->file = 0;
        return 0;
    default:
        return -EINVAL;
    }
    in->file = f;
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
        struct file *f = in->file;
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
