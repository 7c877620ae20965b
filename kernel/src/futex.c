/* Futexes, by address; private or not makes no difference with one address space. */
#include "kernel.h"

int futex_wake(u32 address, u32 count, u32 bits) {
    int woken = 0;
    for (struct thread *t = waiting, *next; t && count; t = next) {
        next = t->next;
        if (t->state == ON_FUTEX && t->futex == address && (t->futex_bits & bits)) {
            wake(t, 0);
            woken++;
            count--;
        }
    }
    return woken;
}

static long wait(u32 address, u32 value, u32 bits, u32 operation, int absolute, u32 timeout, int wide) {
    struct time t, deadline;
    if (!bits)
        return -EINVAL;
    if (timeout) {
        u32 clock = (operation & FUTEX_CLOCK_REALTIME) ? CLOCK_REALTIME : CLOCK_MONOTONIC;
        int error = read_time(timeout, wide, &t);
        if (!error)
            error = deadline_of(clock, absolute, t, &deadline);
        if (error)
            return error;
    }
    if (WORD(address) != value)
        return -EAGAIN;
    current->futex = address;
    current->futex_bits = bits;
    return wait_as(ON_FUTEX, timeout ? &deadline : 0);
}

/* Wakes `count`, moves up to `limit` others to the second address. */
static long requeue(u32 address, u32 count, u32 limit, int compare) {
    u32 other, value;
    int moved = 0, woken;
    if (stack_argument(4, &other) || !user_words(other, 1))
        return -EFAULT;
    if (compare) {
        if (stack_argument(5, &value))
            return -EFAULT;
        if (WORD(address) != value)
            return -EAGAIN;
    }
    if ((int)count < 0 || (int)limit < 0)
        return -EINVAL;
    woken = futex_wake(address, count, 0xFFFFFFFF);
    for (struct thread *t = waiting; t && limit; t = t->next)
        if (t->state == ON_FUTEX && t->futex == address) {
            t->futex = other;
            moved++;
            limit--;
        }
    return compare ? woken + moved : woken;
}

/* Changes the second word, wakes waiters of the first and, if the word was as asked, of the second. */
static long wake_and_change(u32 address, u32 count, u32 limit) {
    u32 other, code, operand, compared, old, value, holds;
    if (stack_argument(4, &other) || stack_argument(5, &code))
        return -EFAULT;
    if (other & 3)
        return -EINVAL;
    if (!user_words(other, 1))
        return -EFAULT;
    operand = (int)(code << 8) >> 20;
    compared = (int)(code << 20) >> 20;
    if (code & 0x80000000) /* FUTEX_OP_OPARG_SHIFT */
        operand = 1u << (operand & 31);
    value = old = WORD(other);
    switch ((code >> 28) & 7) {
    case 0:
        value = operand;
        break;
    case 1:
        value += operand;
        break;
    case 2:
        value |= operand;
        break;
    case 3:
        value &= ~operand;
        break;
    case 4:
        value ^= operand;
        break;
    default:
        return -ENOSYS;
    }
    switch ((code >> 24) & 15) {
    case 0:
        holds = old == compared;
        break;
    case 1:
        holds = old != compared;
        break;
    case 2:
        holds = (int)old < (int)compared;
        break;
    case 3:
        holds = (int)old <= (int)compared;
        break;
    case 4:
        holds = (int)old > (int)compared;
        break;
    case 5:
        holds = (int)old >= (int)compared;
        break;
    default:
        return -ENOSYS;
    }
    WORD(other) = value;
    value = futex_wake(address, (int)count > 0 ? count : 1, 0xFFFFFFFF);
    return holds ? value + futex_wake(other, (int)limit > 0 ? limit : 1, 0xFFFFFFFF) : value;
}

static long futex(u32 address, u32 operation, u32 value, u32 fourth, int wide) {
    u32 bits;
    if (address & 3)
        return -EINVAL;
    if (!user_words(address, 1))
        return -EFAULT;
    switch (operation & ~(FUTEX_PRIVATE | FUTEX_CLOCK_REALTIME)) {
    case FUTEX_WAIT:
        return wait(address, value, 0xFFFFFFFF, operation, 0, fourth, wide);
    case FUTEX_WAIT_BITSET:
        if (stack_argument(5, &bits))
            return -EFAULT;
        return wait(address, value, bits, operation, 1, fourth, wide);
    case FUTEX_WAKE:
        /* Linux wakes one waiter even for a count of 0; the probes that pass 0 have no waiter. */
        return futex_wake(address, (int)value > 0 ? value : 1, 0xFFFFFFFF);
    case FUTEX_WAKE_BITSET:
        if (stack_argument(5, &bits))
            return -EFAULT;
        return bits ? futex_wake(address, (int)value > 0 ? value : 1, bits) : -EINVAL;
    case FUTEX_REQUEUE:
        return requeue(address, value, fourth, 0);
    case FUTEX_CMP_REQUEUE:
        return requeue(address, value, fourth, 1);
    case FUTEX_WAKE_OP:
        return wake_and_change(address, value, fourth);
    default:
        HOST(HOST_UNKNOWN, current->call, operation, 0, 0);
        return -ENOSYS;
    }
}

long sys_futex(u32 address, u32 operation, u32 value, u32 fourth) {
    return futex(address, operation, value, fourth, 0);
}

long sys_futex64(u32 address, u32 operation, u32 value, u32 fourth) {
    return futex(address, operation, value, fourth, 1);
}
