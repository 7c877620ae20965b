/* Start: the first stack as Linux lays it out, and the end. */
#include "kernel.h"

#define MAGIC 0x7A6B6D31
#define SNAPSHOT 1
#define CODE_RANGES 8
#define PT_LOAD 1
#define PF_X 1
#define BAD_START 127

/* First executable range of the image, as start and length, for the check in the vector. */
u32 text_range[2];
static struct {
    u32 start, end;
} code[CODE_RANGES];
static u32 codes;

static u32 info(u32 index) {
    return WORD(INFORMATION + 4 * index);
}

int executable(u32 address) {
    for (u32 i = 0; i < codes; i++)
        if (address >= code[i].start && address < code[i].end)
            return 1;
    return 0;
}

/* Part 0: argv, 1: environment, 2: public input. Returns its address; a malformed tape has no parts. */
u32 public_part(int part, u32 *length) {
    u32 at = PUBLIC_TAPE + 4;
    for (;; part--) {
        *length = WORD(at);
        if (*length > PUBLIC_TAPE + TAPE_SIZE - at - 4) {
            *length = 0;
            return PUBLIC_TAPE;
        }
        if (!part)
            return at + 4;
        at += 4 + ((*length + 3) & -4);
        if (at >= PUBLIC_TAPE + TAPE_SIZE) {
            *length = 0;
            return PUBLIC_TAPE;
        }
    }
}

void finish(u32 status) {
    WORD(OUTPUT_TAPE) = status & 255;
    WORD(OUTPUT_TAPE + 4) = output_length;
    stop();
}

/* Arguments and environment of a snapshot are part of its image. */
void check_snapshot(void);
void check_snapshot(void) {
    u32 arguments, environment;
    public_part(0, &arguments);
    public_part(1, &environment);
    if (info(INFO_KIND) != SNAPSHOT || (arguments | environment))
        finish(BAD_START);
}

static void add_code(u32 start, u32 end) {
    if (codes == CODE_RANGES || start >= end)
        return;
    code[codes].start = start;
    code[codes++].end = end;
    if (!text_range[1] || (info(INFO_ENTRY) >= start && info(INFO_ENTRY) < end)) {
        /* The vector reads the word before as well, which must not be in the first 64 KiB. */
        text_range[0] = start > USER_START ? start : USER_START + 4;
        text_range[1] = end - text_range[0];
    }
}

/* From the program headers, if they are in memory; else the whole image. */
static void find_code(void) {
    u32 header = info(INFO_PHDR), size = info(INFO_PHENT), count = info(INFO_PHNUM);
    if (size >= 32 && size < 256 && !(size & 3) && count <= 64 && user_words(header, count * size / 4))
        for (; count--; header += size) {
            u32 start = WORD(header + 8), length = WORD(header + 16); /* p_vaddr, p_filesz */
            if (WORD(header) == PT_LOAD && (WORD(header + 24) & PF_X))
                add_code(start & -PAGE, (start + length + PAGE - 1) & -PAGE);
        }
    if (!codes)
        add_code(info(INFO_LOWEST), info(INFO_BREAK));
}

/* Copies a block of strings to the stack below `sp`; returns its new address and counts the strings. */
static u32 push_strings(u32 sp, int part, u32 *count) {
    u32 length, from = public_part(part, &length), n = 0;
    if (length > (USER_END - STACK_BOTTOM) / 4)
        finish(BAD_START);
    if (length && *(const char *)(from + length - 1))
        finish(BAD_START);
    sp -= (length + 3) & -4;
    copy((void *)sp, (const void *)from, length);
    for (u32 i = 0; i < length; i++)
        n += !*(const char *)(sp + i);
    *count = n;
    return sp;
}

/* Writes pointers to `count` strings that lie one after the other; returns the address after the null. */
static u32 write_pointers(u32 to, u32 string, u32 count) {
    const char *p = (const char *)string;
    while (count--) {
        WORD(to) = (u32)p;
        to += 4;
        while (*p++)
            ;
    }
    WORD(to) = 0;
    return to + 4;
}

struct thread *start(void);
struct thread *start(void) {
    u32 arguments, environment, strings, variables, random, sp, to;
    if (info(INFO_MAGIC) != MAGIC)
        finish(BAD_START);
    find_code();
    memory_start(info(INFO_LOWEST), info(INFO_BREAK));
    variables = push_strings(USER_END - 16, 1, &environment);
    strings = push_strings(variables, 0, &arguments);
    random = strings - 16;
    const u32 aux[] = {AT_PHDR, info(INFO_PHDR), AT_PHENT, info(INFO_PHENT), AT_PHNUM, info(INFO_PHNUM),
                       AT_PAGESZ, PAGE, AT_BASE, 0, AT_ENTRY, info(INFO_ENTRY), AT_UID, sys_id(), AT_EUID, sys_id(),
                       AT_GID, sys_id(), AT_EGID, sys_id(), AT_SECURE, 0, AT_HWCAP, 0, AT_RANDOM, random,
                       AT_EXECFN, strings, AT_NULL, 0};
    for (u32 i = 0; i < 4; i++)
        WORD(random + 4 * i) = random_word();
    sp = (random - sizeof aux - 4 * (arguments + environment + 3)) & -16;
    WORD(sp) = arguments;
    to = write_pointers(sp + 4, strings, arguments);
    to = write_pointers(to, variables, environment);
    copy((void *)to, aux, sizeof aux);
    return thread_start(info(INFO_ENTRY), sp);
}
