//! Tests of the decoder.

use super::*;

#[test]
fn every_operation_decodes_from_its_own_bits() {
    for &op in Op::ALL {
        // `ext` and `ins` with all fields zero are one-bit fields; `bltzal $0` is legal.
        assert_eq!(decode(op.bits()).op, op, "{}", op.mnemonic());
    }
}

#[test]
fn decoding_is_canonical() {
    // Every major opcode, function and rt field, with varied other fields: what encodes again decodes to the same.
    for opcode in 0..64u32 {
        for low in 0..2048u32 {
            for middle in [0u32, 1, 2, 4, 11, 29, 31] {
                for rs in [0u32, 1, 4, 31] {
                    for rt in 0..32u32 {
                        let word = opcode << 26 | rs << 21 | rt << 16 | middle << 11 | low;
                        let instruction = decode(word);
                        assert_eq!(decode(instruction.encode()), instruction, "{word:08x}");
                    }
                }
            }
        }
    }
}

#[test]
fn words_as_an_assembler_writes_them() {
    // Taken from the output of GNU as 2.40 for -mips32r2.
    let cases = [
        (0x0000_0000, "sll $0, $0, 0"),
        (0x0085_1020, "add $2, $4, $5"),
        (0x0004_1143, "sra $2, $4, 5"),
        (0x0024_1142, "rotr $2, $4, 5"),
        (0x00a4_1046, "rotrv $2, $4, $5"),
        (0x03e0_0008, "jr $31"),
        (0x0320_f809, "jalr $31, $25"),
        (0x0085_01f4, "teq $4, $5"),
        (0x2484_fff8, "addiu $4, $4, -8"),
        (0x3404_ffff, "ori $4, $0, 0xffff"),
        (0x3c1c_0042, "lui $28, 0x42"),
        (0x1480_fffe, "bne $4, $0, -8"),
        (0x0411_0001, "bgezal $0, 4"),
        (0x0c10_0040, "jal 0x400100"),
        (0x8fbf_001c, "lw $31, 28($29)"),
        (0x7c83_2940, "ext $3, $4, 5, 6"),
        (0x7c83_5144, "ins $3, $4, 5, 6"),
        (0x7c04_10a0, "wsbh $2, $4"),
        (0x7c04_1420, "seb $2, $4"),
        (0x7c04_1620, "seh $2, $4"),
        (0x7c03_e83b, "rdhwr $3, $29"),
        (0x7085_1002, "mul $2, $4, $5"),
        (0x7082_1020, "clz $2, $4"),
        (0x4084_2002, "mtc0.userlocal $4"),
        (0x4084_5800, "mtc0.tick $4"),
        (0xcc1f_0002, "pref 31, 2($0)"),
        (0x0000_000f, "sync"),
    ];
    for (word, text) in cases {
        assert_eq!(decode(word).to_string(), text);
    }
}

#[test]
fn what_the_machine_lacks_is_reserved() {
    let reserved = [
        0x4600_0000, // add.s
        0xc480_0000, // lwc1
        0xd480_0000, // ldc1
        0x0000_0001, // movf
        0x0000_0005, // not assigned
        0x0044_1142, // srl with rs = 2
        0x0020_1010, // mfhi $2, ac1
        0x7c83_f940, // ext beyond bit 31
        0x7c83_2184, // ins with last < first
        0x7c03_203b, // rdhwr 4
        0x07f1_0001, // bgezal $31
        0x07f2_0001, // bltzall $31
        0x4080_6000, // mtc0 Status
        0x4000_2002, // mfc0 UserLocal
        0x7000_003f, // sdbbp
        0xbc00_0000, // cache
        0xffff_ffff,
    ];
    for word in reserved {
        assert_eq!(decode(word).op, Op::Reserved, "{word:08x}");
    }
    // mfhi $1 with sa = 2: a field that selects nothing is ignored.
    assert_eq!(decode(0x0000_0890), decode(0x0000_0810));
}

#[test]
fn delay_slots_follow_branches_and_jumps_only() {
    let count = Op::ALL.iter().filter(|op| op.is_branch_or_jump()).count();
    assert_eq!(count, 20);
    assert!(!decode(0x07f1_0001).op.is_branch_or_jump());
}

#[test]
fn at_an_address_names_and_targets_are_shown() {
    for (word, text) in [
        (0x0000_0000, "nop"),
        (0x1480_fffe, "bne $a0, $zero, 0x4000fc"),
        (0x0c10_0040, "jal 0x400100"),
        (0x0411_0001, "bgezal $zero, 0x400108"),
        (0x8fbf_001c, "lw $ra, 28($sp)"),
        (0x7c03_e83b, "rdhwr $v1, $29"),
    ] {
        assert_eq!(decode(word).at(0x40_0100).to_string(), text);
    }
}
