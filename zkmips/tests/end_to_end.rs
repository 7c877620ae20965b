//! From a program to a verified statement, and everything that must not verify.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use zkmips::{
    Cache, Inputs, Params, Program, ProofFile, Prover, PublicInputs, Shape, Start, Verifier,
    VerifierParams, VerifyError,
};

fn cache() -> Cache {
    let directory = std::env::var_os(zkmips::CACHE_VARIABLE).map(PathBuf::from);
    Cache::at(directory.unwrap_or_else(|| Path::new(env!("CARGO_TARGET_TMPDIR")).join("keys")))
}

fn params() -> &'static Params {
    static PARAMS: OnceLock<Params> = OnceLock::new();
    PARAMS.get_or_init(|| Params::setup(Shape::Small, &cache(), &()).unwrap())
}

fn fixture(name: &str, order: &str) -> (Program, Vec<u8>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    let read = |file| std::fs::read(root.join(name).join(order).join(file)).unwrap();
    (Program::load(&read("program.elf")).unwrap(), read("input"))
}

/// What is public about the run of all tests.
fn inputs(secret: &[u8]) -> Inputs {
    Inputs {
        args: vec!["one".into()],
        env: vec!["A=b".into()],
        public_input: b"public".to_vec(),
        stdin: secret.to_vec(),
    }
}

/// A program that prints an image of a secret, and two proofs of the same run of it: proving takes long, so there are no more.
fn proofs() -> &'static (Program, [ProofFile; 2]) {
    static PROOFS: OnceLock<(Program, [ProofFile; 2])> = OnceLock::new();
    PROOFS.get_or_init(|| {
        let (program, secret) = fixture("secret", "mips");
        let prove = |_| {
            let prover = Prover::new(params(), &());
            prover.prove(&program, inputs(&secret)).unwrap().file
        };
        let files = [0, 1].map(prove);
        (program, files)
    })
}

fn proof() -> (&'static Program, &'static ProofFile) {
    let (program, files) = proofs();
    (program, &files[0])
}

fn verify(program: &Program, file: &ProofFile) -> Result<zkmips::Statement, VerifyError> {
    static PARAMS: OnceLock<VerifierParams> = OnceLock::new();
    let params =
        PARAMS.get_or_init(|| zkmips::verifier_params(Shape::Small, &cache(), &()).unwrap());
    Verifier::new(params).verify(file, &program.id().unwrap())
}

#[test]
fn a_proof_says_what_happened() {
    let (program, file) = proof();
    let file = ProofFile::from_bytes(&file.to_bytes()).unwrap();
    let statement = verify(program, &file).unwrap();
    assert_eq!(statement.output, b"73ad74958fe0bb9fce7783505b35252a 1\n");
    assert_eq!(statement.status, 0);
    assert_eq!(statement.program_id, program.id().unwrap());
    assert_eq!(statement.public.public_input, b"public");
    let Start::Entry { args, env } = &statement.public.start else {
        panic!("not a snapshot")
    };
    assert_eq!(args, &["one"]);
    assert_eq!(env, &["GOMAXPROCS=1", "GODEBUG=asyncpreemptoff=1", "A=b"]);
}

#[test]
fn another_statement_is_refused() {
    let (program, file) = proof();
    type Change = (&'static str, fn(&mut ProofFile));
    let changes: [Change; 17] = [
        ("status", |f| f.status = 1),
        ("status to another word of the tape", |f| f.status = 9),
        ("output", |f| f.output[0] ^= 1),
        ("shorter output", |f| f.output.truncate(8)),
        ("longer output", |f| f.output.push(0)),
        ("no output", |f| f.output.clear()),
        ("arguments", |f| start(f, |args, _| args[0].push('!'))),
        ("no arguments", |f| start(f, |args, _| args.clear())),
        ("environment", |f| start(f, |_, env| env.truncate(2))),
        ("order of the environment", |f| {
            start(f, |_, env| env.reverse())
        }),
        ("snapshot", |f| f.public.start = Start::Snapshot),
        ("public input", |f| f.public.public_input[5] ^= 0x20),
        ("one segment more", |f| f.segments += 1),
        ("no segments", |f| f.segments = 0),
        ("more segments than can be", |f| f.segments = u64::MAX),
        ("chain", |f| f.chain[0] ^= 1),
        ("digest", |f| f.parameter_digest[31] ^= 1),
    ];
    for (what, change) in changes {
        let mut changed = file.clone();
        change(&mut changed);
        assert_ne!(&changed, file, "{what} changes nothing");
        assert!(verify(program, &changed).is_err(), "{what}");
    }
    let mut unknown = file.clone();
    unknown.shape = "round".into();
    assert!(matches!(
        verify(program, &unknown),
        Err(VerifyError::UnknownShape(_))
    ));
    let mut large = file.clone();
    large.shape = "large".into();
    assert!(matches!(
        verify(program, &large),
        Err(VerifyError::OtherShape { .. })
    ));
}

fn start(file: &mut ProofFile, change: impl Fn(&mut Vec<String>, &mut Vec<String>)) {
    if let Start::Entry { args, env } = &mut file.public.start {
        change(args, env);
    }
}

#[test]
fn another_program_is_refused() {
    let (program, file) = proof();
    for (name, order) in [("secret", "mipsle"), ("c-sort", "mips")] {
        let (other, _) = fixture(name, order);
        let error = verify(&other, file).unwrap_err();
        assert!(matches!(error, VerifyError::OtherProgram { .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains(&program.id().unwrap().to_string()), "{text}");

        // With the other program's header, the id is right and the proof is not.
        let mut changed = file.clone();
        changed.header = prove_header(&other);
        assert!(verify(&other, &changed).is_err());
    }
}

/// The header that proofs about a program carry.
fn prove_header(program: &Program) -> Vec<u8> {
    program.header().unwrap().to_bytes()
}

/// Bytes all over the file: each is either refused when read or does not verify.
#[test]
fn no_byte_can_be_changed() {
    let (program, file) = proof();
    let bytes = file.to_bytes();
    let step = bytes.len() / 60;
    for at in (0..bytes.len()).step_by(step).chain([bytes.len() - 1]) {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        if let Ok(changed) = ProofFile::from_bytes(&changed) {
            assert!(
                verify(program, &changed).is_err(),
                "byte {at} of {}",
                bytes.len()
            );
        }
    }
}

#[test]
fn a_secret_stays_one() {
    let (_, secret) = fixture("secret", "mips");
    let (program, [first, second]) = proofs();
    for file in [first, second] {
        verify(program, file).unwrap();
        let bytes = file.to_bytes();
        let word = |order: fn([u8; 4]) -> u32, piece: &[u8]| order(piece.try_into().unwrap());
        for piece in secret.chunks_exact(4) {
            let reversed = word(u32::from_le_bytes, piece).to_be_bytes();
            for form in [piece, &reversed] {
                assert!(
                    !bytes.windows(4).any(|w| w == form),
                    "{piece:?} is in the proof"
                );
            }
        }
    }
    // Same statement, nothing else the same: commitments, and so challenges, are blinded anew.
    assert_eq!(
        (&first.header, &first.output, &first.public),
        (&second.header, &second.output, &second.public)
    );
    assert_ne!(first.chain, second.chain);
    let same = first
        .proof
        .iter()
        .zip(&second.proof)
        .filter(|(a, b)| a == b);
    assert!(same.count() < first.proof.len() / 20);

    // A proof belongs to its chain.
    let mixed = ProofFile {
        proof: second.proof.clone(),
        ..first.clone()
    };
    assert!(verify(program, &mixed).is_err());
    let public = PublicInputs::of(&inputs(&secret), false).unwrap();
    assert_eq!(first.public, public);
}
