/* What a C program that is to be proved needs of the world, without a C library.
 *
 *   private input    standard input (descriptor 0): nobody but the prover sees it
 *   public input     descriptor 3: whoever checks the proof knows it
 *   public output    standard output (descriptor 1): the proof says that the program wrote it
 *   messages         standard error (descriptor 2): shown to whoever runs the program, no part of the proof
 *
 * Everything here works outside the machine too: under qemu-user, and compiled by an ordinary compiler for an ordinary
 * computer (for tests and a debugger), where the public input is empty and markers do nothing.
 *
 * Numbers are read and written in big-endian order on machines of either byte order, as `encoding/binary` in Go
 * guests and the crate for Rust guests do, so that all of them read each other's output.
 */
#ifndef ZKMIPS_H
#define ZKMIPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__mips__)

/* Numbers of Linux/MIPS o32. */
#define ZK_CALL_READ 4003
#define ZK_CALL_WRITE 4004
#define ZK_CALL_UNAME 4122
#define ZK_CALL_PRCTL 4192
#define ZK_CALL_EXIT_GROUP 4246

/* A system call with up to three arguments: its result, or minus the error number. */
static inline long zk_call(long number, long a, long b, long c) {
    register long v0 __asm__("$2") = number;
    register long a0 __asm__("$4") = a, a1 __asm__("$5") = b, a2 __asm__("$6") = c, a3 __asm__("$7");
    __asm__ volatile("syscall"
                     : "+r"(v0), "=r"(a3)
                     : "r"(a0), "r"(a1), "r"(a2)
                     : "$1", "$3", "$8", "$9", "$10", "$11", "$12", "$13", "$14", "$15", "$24", "$25", "hi", "lo", "memory");
    return a3 ? -v0 : v0;
}

static inline long zk_read_some(int descriptor, void *buffer, size_t length) {
    return zk_call(ZK_CALL_READ, descriptor, (long)buffer, (long)length);
}

static inline long zk_write_some(int descriptor, const void *bytes, size_t length) {
    return zk_call(ZK_CALL_WRITE, descriptor, (long)bytes, (long)length);
}

/* Ends the program. The status is public and part of the proof. */
__attribute__((noreturn)) static inline void zk_exit(int status) {
    zk_call(ZK_CALL_EXIT_GROUP, status, 0, 0);
    __builtin_unreachable();
}

/* Whether the program runs in the machine rather than under Linux. */
static inline bool zk_inside(void) {
    static enum { UNKNOWN, OUTSIDE, INSIDE } where;
    char names[6][65]; /* struct utsname: the second is the name of the computer */
    if (where == UNKNOWN) {
        where = zk_call(ZK_CALL_UNAME, (long)names, 0, 0) < 0 ? OUTSIDE : INSIDE;
        for (int i = 0; where == INSIDE && i < 7; i++)
            if (names[1][i] != "zkmips"[i])
                where = OUTSIDE;
    }
    return where == INSIDE;
}

/* Puts a named point into the profile of a run. The option of prctl is one that only the machine's kernel knows: Linux answers
 * EINVAL. */
static inline void zk_marker(const char *name) {
    long length = 0;
    while (name[length])
        length++;
    zk_call(ZK_CALL_PRCTL, 0x7a6b0001, (long)name, length);
}

#else /* an ordinary computer with a C library */

#include <stdlib.h>
#include <unistd.h>

static inline long zk_read_some(int descriptor, void *buffer, size_t length) {
    return read(descriptor, buffer, length);
}

static inline long zk_write_some(int descriptor, const void *bytes, size_t length) {
    return write(descriptor, bytes, length);
}

__attribute__((noreturn)) static inline void zk_exit(int status) {
    exit(status);
}

static inline bool zk_inside(void) {
    return false;
}

static inline void zk_marker(const char *name) {
    (void)name;
}

#endif

/* Reads from a descriptor until the buffer is full or the input ends; how many bytes there were. */
static inline size_t zk_read_from(int descriptor, void *buffer, size_t capacity) {
    size_t length = 0;
    long n;
    while (length < capacity && (n = zk_read_some(descriptor, (uint8_t *)buffer + length, capacity - length)) > 0)
        length += (size_t)n;
    return length;
}

/* Writes all of it to a descriptor; false if that failed. */
static inline bool zk_write_to(int descriptor, const void *bytes, size_t length) {
    long n;
    for (size_t done = 0; done < length; done += (size_t)n)
        if ((n = zk_write_some(descriptor, (const uint8_t *)bytes + done, length - done)) <= 0)
            return false;
    return true;
}

/* Writes a text to standard error. */
static inline void zk_log(const char *text) {
    size_t length = 0;
    while (text[length])
        length++;
    zk_write_to(2, text, length);
}

/* Ends the program with status 1 and a message on standard error. The proof, should one be made, states the status; it says
 * nothing of the message. */
__attribute__((noreturn)) static inline void zk_fail(const char *message) {
    zk_log(message);
    zk_log("\n");
    zk_exit(1);
}

/* Reads from the private input until the buffer is full or the input ends; how many bytes there were. */
static inline size_t zk_read(void *buffer, size_t capacity) {
    return zk_read_from(0, buffer, capacity);
}

/* The same from the public input, which is empty outside the machine: there, descriptor 3 may be anything. */
static inline size_t zk_read_public(void *buffer, size_t capacity) {
    return zk_inside() ? zk_read_from(3, buffer, capacity) : 0;
}

/* Writes to the public output. Output that is lost would make the proof say something else: failing ends the program. */
static inline void zk_commit(const void *bytes, size_t length) {
    if (!zk_write_to(1, bytes, length))
        zk_fail("cannot write the output");
}

/* Writes a text to the public output. */
static inline void zk_print(const char *text) {
    size_t length = 0;
    while (text[length])
        length++;
    zk_commit(text, length);
}

/* Writes a number to the public output, in decimal digits and with a newline. */
static inline void zk_print_u32(uint32_t value) {
    char text[11];
    size_t at = sizeof text;
    text[--at] = '\n';
    do
        text[--at] = (char)('0' + value % 10);
    while (value /= 10);
    zk_commit(text + at, sizeof text - at);
}

/* For each unsigned type: zk_read_u32(&value) and zk_read_public_u32(&value), false if the input ends first, and
 * zk_commit_u32(value). Every call is a system call of some hundred instructions: read and write long inputs as bytes. */
#define ZK_NUMBER(bits)                                                                                \
    static inline bool zk_read_u##bits(uint##bits##_t *value) {                                        \
        uint8_t bytes[bits / 8];                                                                       \
        if (zk_read(bytes, sizeof bytes) != sizeof bytes)                                              \
            return false;                                                                              \
        *value = zk_decode_u##bits(bytes);                                                             \
        return true;                                                                                   \
    }                                                                                                  \
    static inline bool zk_read_public_u##bits(uint##bits##_t *value) {                                 \
        uint8_t bytes[bits / 8];                                                                       \
        if (zk_read_public(bytes, sizeof bytes) != sizeof bytes)                                       \
            return false;                                                                              \
        *value = zk_decode_u##bits(bytes);                                                             \
        return true;                                                                                   \
    }                                                                                                  \
    static inline void zk_commit_u##bits(uint##bits##_t value) {                                       \
        uint8_t bytes[bits / 8];                                                                       \
        zk_encode_u##bits(bytes, value);                                                               \
        zk_commit(bytes, sizeof bytes);                                                                \
    }

/* A number from and to bytes in big-endian order, wherever they lie. */
#define ZK_ENCODING(bits)                                                                              \
    static inline uint##bits##_t zk_decode_u##bits(const uint8_t *bytes) {                             \
        uint##bits##_t value = 0;                                                                      \
        for (int i = 0; i < bits / 8; i++)                                                             \
            value = (uint##bits##_t)((uint64_t)value << 8 | bytes[i]);                                 \
        return value;                                                                                  \
    }                                                                                                  \
    static inline void zk_encode_u##bits(uint8_t *bytes, uint##bits##_t value) {                       \
        for (int i = 0; i < bits / 8; i++)                                                             \
            bytes[i] = (uint8_t)(value >> (bits - 8 - 8 * i));                                         \
    }

ZK_ENCODING(8)
ZK_ENCODING(16)
ZK_ENCODING(32)
ZK_ENCODING(64)
ZK_NUMBER(8)
ZK_NUMBER(16)
ZK_NUMBER(32)
ZK_NUMBER(64)

#endif
