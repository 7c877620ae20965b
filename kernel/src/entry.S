/* Vectors, exception entry and exit, system call dispatch, halt.
 *
 * $k0 and $k1 belong to the kernel (o32 ABI). On an exception the machine sets $k0 to the address of
 * the instruction and jumps to the vector; every other register is still the user's. `current`
 * points at the running thread, whose first words are the register save area.
 *
 * A system call is the common case and every instruction here is proved, so that path saves only
 * what C code may clobber and the ABI wants back ($a0-$a2, $sp, $ra) and leaves $s0-$s7, $gp, $fp in
 * place: C preserves them. Whoever needs a complete frame (clone, a switch of threads, a
 * signal) stores these first. */
#include "layout.h"

        .set noreorder
        .set noat
        .set mips32r2

#define R(n) (4*(n))($k1)

.macro save_callee_saved
        sw      $16, R(16)
        sw      $17, R(17)
        sw      $18, R(18)
        sw      $19, R(19)
        sw      $20, R(20)
        sw      $21, R(21)
        sw      $22, R(22)
        sw      $23, R(23)
        sw      $28, R(28)
        sw      $30, R(30)
.endm

        .section .vectors, "ax", @progbits
        .globl  reset
        .type   reset, @function
reset:
        lui     $t0, %hi(INFORMATION)
        lw      $t1, 4*INFO_KIND($t0)
        bnez    $t1, resume_snapshot
        lui     $sp, %hi(KERNEL_STACK)
        jal     start                   /* returns the first thread */
        addiu   $sp, $sp, -32
        j       resume
        nop

        .org    0x80
        .globl  exception
        .type   exception, @function
exception:
        lui     $k1, %hi(current)
        lw      $k1, %lo(current)($k1)
        sw      $at, R(1)
        sw      $v1, R(3)
        /* Only read the instruction where code may be: a bad $k0 must not fault in here. */
        lui     $at, %hi(text_range)
        lw      $v1, %lo(text_range)($at)
        lw      $at, %lo(text_range+4)($at)
        subu    $v1, $k0, $v1
        sltu    $at, $v1, $at
        beqz    $at, trap
        andi    $at, $k0, 3
        bnez    $at, trap
        li      $at, 12                 /* the encoding of `syscall` */
        lw      $v1, 0($k0)
        bne     $v1, $at, trap
        lw      $v1, -4($k0)
        srl     $v1, $v1, 26
        xori    $v1, $v1, 9             /* `addiu $v0, $zero, NUMBER` as a rule: no branch */
        beqz    $v1, system_call
        addiu   $k0, $k0, 4
        j       look_for_branch
        addiu   $k0, $k0, -4

        .org    0x100
        .globl  trampoline
        .type   trampoline, @function
trampoline:                             /* signal handlers return to here */
        li      $v0, CALL_SIGRETURN
        syscall

        .org    0x180
        .globl  halt
        .type   halt, @function
halt:
        j       halt
        nop

        .text
/* The word before the system call is not an addiu; is it a branch, with the call in its delay slot?
 * $v1 = opcode ^ 9. Whatever is not plainly harmless is left to C. */
        .type   look_for_branch, @function
look_for_branch:
        xori    $v1, $v1, 9
        beqz    $v1, 1f
        sltiu   $at, $v1, 8
        bnez    $at, trap               /* 1-7: regimm, j, jal, beq, bne, blez, bgtz */
        addiu   $v1, $v1, -20
        sltiu   $at, $v1, 4
        bnez    $at, trap               /* 20-23: beql, bnel, blezl, bgtzl */
        nop
        b       system_call
        addiu   $k0, $k0, 4
1:      lw      $v1, -4($k0)
        andi    $v1, $v1, 0x3e
        xori    $v1, $v1, 8
        beqz    $v1, trap               /* jr, jalr */
        nop
        b       system_call
        addiu   $k0, $k0, 4

/* $k1 = thread, $k0 = address after the call. */
        .globl  system_call
        .type   system_call, @function
system_call:
        sw      $k0, T_PC($k1)
        sw      $v0, T_CALL($k1)
        sw      $a0, R(4)
        sw      $a1, R(5)
        sw      $a2, R(6)
        sw      $a3, T_ARGUMENT_3($k1)
        sw      $sp, R(29)
        sw      $ra, R(31)
        move    $a0, $v0
        lw      $a1, T_TID($k1)
        pref    31, HOST_ENTER($zero)
        lw      $a0, R(4)
        lw      $a1, R(5)
        addiu   $v0, $v0, -CALL_BASE
        sltiu   $at, $v0, CALL_COUNT
        beqz    $at, 1f
        lui     $sp, %hi(KERNEL_STACK)
        sll     $v0, $v0, 2
        lui     $t9, %hi(calls)
        addu    $t9, $t9, $v0
        lw      $t9, %lo(calls)($t9)
        jalr    $t9
        addiu   $sp, $sp, -32
        .globl  call_done
call_done:                              /* $v0 = result, or minus the error number */
        lui     $t0, %hi(time_left)
        lw      $t1, %lo(time_left)($t0)
        srl     $a3, $v0, 31
        beqz    $a3, 2f
        addiu   $t1, $t1, -CALL_TIME
        negu    $v0, $v0
2:      bltz    $t1, call_slow
        sw      $t1, %lo(time_left)($t0)
        lw      $a0, T_CALL($k1)
        move    $a1, $v0
        move    $a2, $a3
        pref    31, HOST_LEAVE($zero)
        lw      $k0, T_PC($k1)
        lw      $a0, R(4)
        lw      $a1, R(5)
        lw      $a2, R(6)
        lw      $sp, R(29)
        jr      $k0
        lw      $ra, R(31)
1:      jal     call_unknown
        addiu   $sp, $sp, -32
        b       call_done
        nop

/* Time for the scheduler: complete the frame and let C choose a thread. */
        .type   call_slow, @function
call_slow:
        sw      $v0, R(2)
        sw      $a3, R(7)
        save_callee_saved
        jal     leave_call
        nop
        /* falls through */

/* $v0 = thread to run. */
        .globl  resume
        .type   resume, @function
resume:
        move    $k1, $v0
        lw      $at, T_HI($k1)
        lw      $v0, T_LO($k1)
        mthi    $at
        mtlo    $v0
        lw      $k0, T_PC($k1)
        lw      $1, R(1)
        lw      $2, R(2)
        lw      $3, R(3)
        lw      $4, R(4)
        lw      $5, R(5)
        lw      $6, R(6)
        lw      $7, R(7)
        lw      $8, R(8)
        lw      $9, R(9)
        lw      $10, R(10)
        lw      $11, R(11)
        lw      $12, R(12)
        lw      $13, R(13)
        lw      $14, R(14)
        lw      $15, R(15)
        lw      $16, R(16)
        lw      $17, R(17)
        lw      $18, R(18)
        lw      $19, R(19)
        lw      $20, R(20)
        lw      $21, R(21)
        lw      $22, R(22)
        lw      $23, R(23)
        lw      $24, R(24)
        lw      $25, R(25)
        lw      $28, R(28)
        lw      $29, R(29)
        lw      $30, R(30)
        jr      $k0
        lw      $31, R(31)

/* clone copies the whole frame, so it has to be complete. */
        .globl  call_clone
        .type   call_clone, @function
call_clone:
        save_callee_saved
        j       sys_clone
        nop

/* sigreturn replaces the whole frame: no result to store. */
        .globl  call_sigreturn
        .type   call_sigreturn, @function
call_sigreturn:
        jal     sys_sigreturn
        nop
        b       resume
        nop

/* Anything but a plain system call. $at and $v1 are saved already; $k0 = address. */
        .type   trap, @function
trap:
        sw      $2, R(2)
        sw      $4, R(4)
        sw      $5, R(5)
        sw      $6, R(6)
        sw      $7, R(7)
        sw      $8, R(8)
        sw      $9, R(9)
        sw      $10, R(10)
        sw      $11, R(11)
        sw      $12, R(12)
        sw      $13, R(13)
        sw      $14, R(14)
        sw      $15, R(15)
        save_callee_saved
        sw      $24, R(24)
        sw      $25, R(25)
        sw      $29, R(29)
        sw      $31, R(31)
        sw      $k0, T_PC($k1)
        mfhi    $t0
        mflo    $t1
        sw      $t0, T_HI($k1)
        sw      $t1, T_LO($k1)
        move    $a0, $k1
        lui     $sp, %hi(KERNEL_STACK)
        jal     handle_trap             /* returns a thread, or 0: it is a system call after all */
        addiu   $sp, $sp, -32
        bnez    $v0, resume
        nop
        lw      $k0, T_PC($k1)
        lw      $v0, R(2)
        lw      $a0, R(4)
        lw      $a1, R(5)
        lw      $a2, R(6)
        lw      $a3, R(7)
        lw      $sp, R(29)
        lw      $ra, R(31)
        b       system_call
        addiu   $k0, $k0, 4

/* A snapshot starts with memory as it was and registers from the information page. Its arguments
 * and environment were fixed when it was taken: the public tape must hold none. */
        .type   resume_snapshot, @function
resume_snapshot:
        lui     $sp, %hi(KERNEL_STACK)
        jal     check_snapshot
        addiu   $sp, $sp, -32
        lui     $k1, %hi(INFORMATION)
        addiu   $k1, $k1, 4*INFO_REGISTERS
        lw      $t0, R(34)
        mtc0    $t0, $4, 2
        lw      $t0, R(35)
        mtc0    $t0, $11
        lw      $t0, R(32)
        mthi    $t0
        lw      $t0, R(33)
        mtlo    $t0
        lw      $k0, R(36)
        .irp    n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,28,29,30
        lw      $\n, R(\n)
        .endr
        jr      $k0
        lw      $31, R(31)

/* The end: nothing private stays in a register. The trapping add leaves the temporaries of the proof's
 * micro-operations zero as well. From `j halt` in the delay slot of `j halt` on, pc = next_pc =
 * halt whatever the number of steps. */
        .globl  stop
        .type   stop, @function
stop:
        .irp    n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
        move    $\n, $zero
        .endr
        mthi    $zero
        mtlo    $zero
        mtc0    $zero, $4, 2
        mtc0    $zero, $11
        add     $zero, $zero, $zero
        j       halt
        j       halt
        nop
