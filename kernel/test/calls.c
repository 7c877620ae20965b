/* Calls the kernel three thousand times with numbers and arguments chosen to hurt: bad pointers, pointers to the last
 * bytes of the user range, lengths that wrap, structures full of such values. The seed is the first word
 * of standard input. A kernel that survives lets the program end: it prints `ok`, or deadlocks in a call
 * that waits for ever. Never run this under Linux or QEMU: the calls would be real. */
#include "zkmips.h"

#define CALLS 3000
#define MAPPINGS 0x60000000u

static uint32_t state;
static uint32_t scratch[16384] __attribute__((aligned(4096)));

static uint32_t pseudo_random(void) { /* xorshift (Marsaglia) */
    state ^= state << 13;
    state ^= state >> 17;
    return state ^= state << 5;
}

static uint32_t below(uint32_t limit) {
    return pseudo_random() % limit;
}

static long call6(long number, long a, long b, long c, long d, long e, long f) {
    register long v0 __asm__("$2") = number;
    register long a0 __asm__("$4") = a, a1 __asm__("$5") = b, a2 __asm__("$6") = c, a3 __asm__("$7") = d;
    __asm__ volatile("addiu $sp, $sp, -32\n\tsw %5, 16($sp)\n\tsw %6, 20($sp)\n\tsyscall\n\taddiu $sp, $sp, 32"
                     : "+r"(v0), "+r"(a3)
                     : "r"(a0), "r"(a1), "r"(a2), "r"(e), "r"(f)
                     : "$1", "$3", "$8", "$9", "$10", "$11", "$12", "$13", "$14", "$15", "$24", "$25", "hi", "lo",
                       "memory");
    return a3 ? -v0 : v0;
}

static uint32_t value(void) {
    switch (below(16)) {
    case 0: return 0;
    case 1: return below(8);
    case 2: return -below(4);
    case 3: return (uint32_t)scratch + 4 * below(1024);
    case 4: return (uint32_t)scratch + below(4096);
    case 5: return (uint32_t)scratch;
    case 6: return 0x80000000 - below(64);
    case 7: return 0x7FFFFFFC;
    case 8: return 0x80000000 | pseudo_random();
    case 9: return below(0x10000);
    case 10: return 1u << below(32);
    case 11: return below(70);
    case 12: return 4096 * below(64);
    case 13: return MAPPINGS + 4096 * below(256);
    case 14: return 16;
    default: return pseudo_random();
    }
}

/* Calls that end or replace what runs here: exit, exit_group, sigreturn, kill and its kind, clone, sigsuspend, pause. */
static int left_out(uint32_t number) {
    static const uint32_t numbers[] = {1, 246, 193, 37, 236, 266, 120, 199, 29};
    for (uint32_t i = 0; i < sizeof numbers / 4; i++)
        if (numbers[i] == number)
            return 1;
    return 0;
}

/* Timers are set at random, too: their signals must not end this. */
static void ignore(uint32_t signal) {
    uint32_t action[6] = {0, 1};
    call6(4194, signal, (long)action, 0, 16, 0, 0);
}

int main(void) {
    for (uint32_t signal = 1; signal <= 128; signal++)
        ignore(signal);
    zk_read(&state, 4);
    state |= 1;
    for (int i = 0; i < CALLS; i++) {
        uint32_t number = below(460), a, b, c, d, e, f;
        if (left_out(number))
            continue;
        for (int j = 0; j < 6; j++)
            scratch[below(1100)] = value();
        a = value(), b = value(), c = value(), d = value(), e = value(), f = value();
        /* Keep this program and its stack out of what is cleared or overwritten. */
        if (number == 90 || number == 210) { /* mmap */
            d = (d & ~15) | (1 + below(2));
            if (d & 0x100010) {
                a = MAPPINGS + 4096 * below(256);
                b %= 0x100000;
            }
        } else if (number == 218 || number == 91 || number == 125 || number == 167) { /* madvise munmap mprotect mremap */
            a = MAPPINGS + 4096 * below(256);
            if (below(2))
                b %= 0x100000;
        } else if (number == 45 && a < 0x80000000) { /* brk: growing again clears, which takes its time */
            a = (uint32_t)scratch + below(0x400000);
        } else if (number == 353) { /* getrandom */
            b %= 0x10000;
        } else if ((number == 4 || number == 146) && a == 2) {
            a = 1; /* no noise on standard error */
        }
        call6(4000 + number, a, b, c, d, e, f);
        if (number == 194)
            ignore(a);
    }
    zk_commit("ok\n", 3);
    return 0;
}
