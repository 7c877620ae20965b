/* Start: the first stack as Linux lays it out, and the end. */
#include "kernel.h"

#define MAGIC 0x7A6B6D31
#define SNAPSHOT 1
#define BAD_START 127

/* Where the vector may read the instruction that raised an exception and the word before it: first address, length. */
u32 text_range[2];

static u32 info(u32 index) {
    return WORD(INFORMATION + 4 * index);
}

int executable(u32 address) {
    for (u32 i = INFO_CODE; i < INFO_CODE_END; i += 2)
        if (address - info(i) < info(i + 1))
            return 1;
    return 0;
}

/* Address of the part whose length word is at `*at`, which moves on; from where a tape is malformed it has only empty parts. */
static u32 next_part(u32 *at, u32 *length) {
    u32 end = PUBLIC_TAPE + TAPE_SIZE, part = *at + 4;
    *length = *at < end ? WORD(*at) : 0;
    *at = part + ((*length + 3) & -4);
    if (*length > end - part) {
        *length = 0;
        *at = end;
    }
    return part;
}

/* Part 0: argv, 1: environment, 2: public input. */
u32 public_part(int part, u32 *length) {
    u32 at = PUBLIC_TAPE + 4, address;
    do
        address = next_part(&at, length);
    while (part--);
    return address;
}

void finish(u32 status) {
    WORD(OUTPUT_TAPE) = status & 255;
    WORD(OUTPUT_TAPE + 4) = output_length;
    stop();
}

/* Arguments and environment of a snapshot are part of its image. */
void check_snapshot(void) {
    u32 arguments, environment;
    public_part(0, &arguments);
    public_part(1, &environment);
    if (info(INFO_KIND) != SNAPSHOT || (arguments | environment))
        finish(BAD_START);
}

/* Pushes pointers to the copies, `distance` away, of what follows the zeros in [low, high), the last one first. */
static inline u32 push_starts(u32 to, u32 low, u32 high, u32 distance) {
    for (; high > low; high--)
        if (!*(const char *)(high - 1))
            WORD(to -= 4) = high + distance;
    return to;
}

/* Copies a part of the tape that holds strings, each with its zero, to the stack at `block`, and pushes pointers to them and a null.
 * One pass from the end, in words: only those that may have a zero byte in them (or one above 0x80) are looked at closely. */
static u32 push_strings(u32 to, u32 block, u32 part, u32 length) {
    u32 distance = block - part, last = part + length - 1, at = last & -4;
    WORD(to -= 4) = 0;
    if (!length)
        return to;
    if (*(const char *)last)
        finish(BAD_START);
    to = push_starts(to, at, last, distance);
    WORD(at + distance) = WORD(at);
    while (at != part) {
        at -= 4;
        u32 word = WORD(at);
        WORD(at + distance) = word;
        if ((word - 0x01010101) & 0x80808080)
            to = push_starts(to, at, at + 4, distance);
    }
    WORD(to -= 4) = block;
    return to;
}

static u32 push_auxiliary(u32 to, u32 kind, u32 value) {
    WORD(to - 4) = value;
    WORD(to - 8) = kind;
    return to - 8;
}

#define AUXILIARY 15 /* pairs that `start` pushes */

/* From the top down: environment, arguments, random bytes, auxiliary vector, pointers, number of arguments. */
struct thread *start(void) {
    if (info(INFO_MAGIC) != MAGIC)
        finish(BAD_START);
    text_range[0] = info(INFO_CODE) + 4;
    text_range[1] = info(INFO_CODE + 1) - 4;
    memory_start(info(INFO_LOWEST), info(INFO_BREAK));

    u32 at = PUBLIC_TAPE + 4, arguments, environment;
    u32 arguments_part = next_part(&at, &arguments), environment_part = next_part(&at, &environment);
    u32 variables = USER_END - 16 - ((environment + 3) & -4);
    u32 strings = variables - ((arguments + 3) & -4);
    /* No arguments: the tape of a snapshot, and a proof of this must not pass for one with the usual arguments. */
    if (!arguments || strings < STACK_BOTTOM + (USER_END - STACK_BOTTOM) / 2)
        finish(BAD_START);
    u32 random = (strings - 16) & -16;
#pragma GCC unroll 4 /* they are constants then */
    for (u32 i = 0; i < RANDOM_USED; i++)
        WORD(random + 4 * i) = random_number(i + 1);

    u32 top = random - 8 * AUXILIARY;
    u32 envp = push_strings(top, variables, environment_part, environment);
    u32 argv = push_strings(envp, strings, arguments_part, arguments);
    /* How many there are is known only now, and the stack has to end up aligned. */
    u32 moved = (argv - 4) & 15, sp = argv - 4 - moved;
    if (moved)
        copy((void *)(argv - moved), (const void *)argv, top - argv);
    WORD(sp) = (envp - argv) / 4 - 1;
    u32 to = random - moved;
    to = push_auxiliary(to, AT_NULL, 0);
    to = push_auxiliary(to, AT_EXECFN, strings);
    to = push_auxiliary(to, AT_RANDOM, random);
    to = push_auxiliary(to, AT_HWCAP, 0);
    to = push_auxiliary(to, AT_SECURE, 0);
    to = push_auxiliary(to, AT_EGID, USER_ID);
    to = push_auxiliary(to, AT_GID, USER_ID);
    to = push_auxiliary(to, AT_EUID, USER_ID);
    to = push_auxiliary(to, AT_UID, USER_ID);
    to = push_auxiliary(to, AT_ENTRY, info(INFO_ENTRY));
    to = push_auxiliary(to, AT_BASE, 0);
    to = push_auxiliary(to, AT_PAGESZ, PAGE);
    to = push_auxiliary(to, AT_PHNUM, info(INFO_PHNUM));
    to = push_auxiliary(to, AT_PHENT, info(INFO_PHENT));
    to = push_auxiliary(to, AT_PHDR, info(INFO_PHDR));
    return thread_start(info(INFO_ENTRY), sp);
}
