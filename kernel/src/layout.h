/* Addresses and offsets shared by C and assembly. */
#ifndef LAYOUT_H
#define LAYOUT_H

#define USER_START      0x00010000
#define USER_END        0x80000000
#define MMAP_TOP        0x7C000000
#define STACK_BOTTOM    0x7F800000
#define STACK_GROWN     0x7FFE0000 /* what Linux would have mapped of it at the start */
#define TRAMPOLINE      0x80000100
#define HALT            0x80000180
#define KERNEL_STACK    0x80400000 /* grows down; its low half is zero, so `lui` alone loads it */
#define INFORMATION     0x80400000
#define PUBLIC_TAPE     0x90000000
#define OUTPUT_TAPE     0xA0000000
#define PRIVATE_TAPE    0xC0000000
#define TAPE_SIZE       0x04000000 /* public and output tape */
#define PRIVATE_SIZE    0x40000000
#define PAGE            4096

/* Words of the information page. */
#define INFO_MAGIC      0
#define INFO_KIND       1
#define INFO_ENTRY      2
#define INFO_PHDR       3
#define INFO_PHENT      4
#define INFO_PHNUM      5
#define INFO_BREAK      6
#define INFO_LOWEST     7
#define INFO_CODE       8  /* executable ranges of the program, as start and length, the one with the entry first */
#define INFO_CODE_END   24
#define INFO_REGISTERS  24 /* 32 registers, HI, LO, UserLocal, Tick, pc of a snapshot */

/* struct thread: the saved registers come first, register n at 4 * n. */
#define T_HI            128
#define T_LO            132
#define T_PC            136
#define T_TLS           140
#define T_TID           144
#define T_CALL          148
#define T_ARGUMENT_3    152

/* Host calls: `pref 31, CODE($zero)`, see machine.md. The machine ignores them. */
#define HOST_STDERR     1
#define HOST_STDOUT     2
#define HOST_UNKNOWN    3
#define HOST_ENTER      4
#define HOST_LEAVE      5
#define HOST_SWITCH     6
#define HOST_MARKER     7
#define HOST_DEADLOCK   8
#define HOST_FATAL      9

/* System calls are numbered from 4000 in the o32 ABI. */
#define CALL_BASE       4000
#define CALL_COUNT      450
#define CALL_SIGRETURN  4193

/* prctl(PR_MARKER, text, length) sets a cycle marker. */
#define PR_MARKER       0x7A6B0001

/* Virtual time that passes per system call, in nanoseconds. */
#define CALL_TIME       1000

#endif
