/* Start-up of a freestanding program, and the four functions that compilers call in any program (memcpy, memmove, memset,
 * memcmp). Every instruction is proved: words are moved at a time, whatever the alignment. */
        .set    noreorder

#ifdef __MIPSEB__
#define LEFT(register) 0(register)
#define RIGHT(register) 3(register)
#define STORE_TO_END swl
#else
#define LEFT(register) 3(register)
#define RIGHT(register) 0(register)
#define STORE_TO_END swr
#endif

        .macro  function name
        .section .text.\name, "ax", @progbits
        .globl  \name
        .type   \name, @function
\name:
        .endm
        .macro  endfunction name
        .size   \name, . - \name
        .endm

/* Linux leaves argc, argv and the environment on the stack. */
        function __start
        lw      $a0, 0($sp)
        addiu   $a1, $sp, 4
        sll     $a2, $a0, 2
        addu    $a2, $a2, $a1
        addiu   $a2, $a2, 4
        addiu   $sp, $sp, -16           # o32: the callee may spill its arguments here
        jal     main
        nop
        move    $a0, $v0
        li      $v0, 4246               # exit_group
        syscall
        endfunction __start

/* void *memcpy(void *to, const void *from, size_t length) */
        function memcpy
        move    $v0, $a0
        sltiu   $t0, $a2, 8
        bnez    $t0, .Lcopy_bytes
        subu    $t0, $zero, $a0
        andi    $t0, $t0, 3
        beqz    $t0, .Lcopy_aligned
        addu    $t3, $a1, $t0
        lwl     $t1, LEFT($a1)
        lwr     $t1, RIGHT($a1)
        STORE_TO_END $t1, 0($a0)
        addu    $a0, $a0, $t0
        move    $a1, $t3
        subu    $a2, $a2, $t0
.Lcopy_aligned:
        srl     $t0, $a2, 2
        sll     $t0, $t0, 2
        addu    $t0, $t0, $a0           # where whole words end
        andi    $t1, $a1, 3
        bnez    $t1, .Lcopy_shifted
        andi    $a2, $a2, 3
        beq     $a0, $t0, .Lcopy_bytes
        nop
.Lcopy_words:
        lw      $t1, 0($a1)
        addiu   $a0, $a0, 4
        addiu   $a1, $a1, 4
        bne     $a0, $t0, .Lcopy_words
        sw      $t1, -4($a0)
        b       .Lcopy_bytes
        nop
.Lcopy_shifted:
        beq     $a0, $t0, .Lcopy_bytes
        nop
.Lcopy_shifted_words:
        lwl     $t1, LEFT($a1)
        lwr     $t1, RIGHT($a1)
        addiu   $a0, $a0, 4
        addiu   $a1, $a1, 4
        bne     $a0, $t0, .Lcopy_shifted_words
        sw      $t1, -4($a0)
.Lcopy_bytes:
        beqz    $a2, .Lcopy_done
        addu    $t0, $a0, $a2
.Lcopy_byte:
        lb      $t1, 0($a1)
        addiu   $a0, $a0, 1
        addiu   $a1, $a1, 1
        bne     $a0, $t0, .Lcopy_byte
        sb      $t1, -1($a0)
.Lcopy_done:
        jr      $ra
        nop
        endfunction memcpy

/* void *memmove(void *to, const void *from, size_t length): backwards if `to` lies within what is moved, else a copy, which
 * reads each word before it writes it or anything behind it. */
        function memmove
        subu    $t0, $a0, $a1
        sltu    $t0, $t0, $a2
        beqz    $t0, .Lforwards
        move    $v0, $a0
        beq     $a0, $a1, .Lmove_done
        addu    $a0, $a0, $a2
        addu    $a1, $a1, $a2
.Lmove_to_word:                         # bytes until the end of what is left is aligned
        beqz    $a2, .Lmove_done
        andi    $t0, $a0, 3
        beqz    $t0, .Lmove_aligned
        addiu   $a0, $a0, -1
        addiu   $a1, $a1, -1
        lb      $t1, 0($a1)
        addiu   $a2, $a2, -1
        b       .Lmove_to_word
        sb      $t1, 0($a0)
.Lmove_aligned:
        addiu   $a0, $a0, 1             # undo the delay slot
.Lmove_words:
        sltiu   $t0, $a2, 4
        bnez    $t0, .Lmove_bytes
        addiu   $a1, $a1, -4
        lwl     $t1, LEFT($a1)
        lwr     $t1, RIGHT($a1)
        addiu   $a0, $a0, -4
        addiu   $a2, $a2, -4
        b       .Lmove_words
        sw      $t1, 0($a0)
.Lmove_bytes:
        beqz    $a2, .Lmove_done
        addiu   $a1, $a1, 4             # undo the delay slot
.Lmove_byte:
        addiu   $a0, $a0, -1
        addiu   $a1, $a1, -1
        lb      $t1, 0($a1)
        addiu   $a2, $a2, -1
        bnez    $a2, .Lmove_byte
        sb      $t1, 0($a0)
.Lmove_done:
        jr      $ra
        nop
.Lforwards:
        j       memcpy
        nop
        endfunction memmove

/* void *memset(void *to, int byte, size_t length) */
        function memset
        move    $v0, $a0
        sltiu   $t0, $a2, 8
        bnez    $t0, .Lset_bytes
        subu    $t0, $zero, $a0
        ins     $a1, $a1, 8, 8
        ins     $a1, $a1, 16, 16
        andi    $t0, $t0, 3
        beqz    $t0, .Lset_aligned
        subu    $t1, $a2, $t0
        STORE_TO_END $a1, 0($a0)
        addu    $a0, $a0, $t0
        move    $a2, $t1
.Lset_aligned:
        srl     $t0, $a2, 2
        sll     $t0, $t0, 2
        addu    $t0, $t0, $a0
        andi    $a2, $a2, 3
.Lset_words:                            # there is at least one
        addiu   $a0, $a0, 4
        bne     $a0, $t0, .Lset_words
        sw      $a1, -4($a0)
.Lset_bytes:
        beqz    $a2, .Lset_done
        addu    $t0, $a0, $a2
.Lset_byte:
        addiu   $a0, $a0, 1
        bne     $a0, $t0, .Lset_byte
        sb      $a1, -1($a0)
.Lset_done:
        jr      $ra
        nop
        endfunction memset

/* int memcmp(const void *a, const void *b, size_t length) */
        function memcmp
        or      $t0, $a0, $a1
        andi    $t0, $t0, 3
        bnez    $t0, .Lcompare_bytes
        nop
.Lcompare_words:
        sltiu   $t0, $a2, 4
        bnez    $t0, .Lcompare_bytes
        nop
        lw      $t1, 0($a0)
        lw      $t2, 0($a1)
        bne     $t1, $t2, .Lcompare_bytes
        nop
        addiu   $a0, $a0, 4
        addiu   $a1, $a1, 4
        b       .Lcompare_words
        addiu   $a2, $a2, -4
.Lcompare_bytes:
        beqz    $a2, .Lcompare_done
        move    $v0, $zero
        lbu     $t1, 0($a0)
        lbu     $t2, 0($a1)
        addiu   $a0, $a0, 1
        addiu   $a1, $a1, 1
        subu    $v0, $t1, $t2
        beqz    $v0, .Lcompare_bytes
        addiu   $a2, $a2, -1
.Lcompare_done:
        jr      $ra
        nop
        endfunction memcmp
