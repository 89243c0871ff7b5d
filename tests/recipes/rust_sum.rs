// Rust, with no crate: rustc -O --edition 2021 rust_sum.rs, then npyfs data -- ./rust_sum {}/rows.npy/chunks/1_of_4.bin
// A .bin is the body alone: here float64, little-endian, row after row.
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let path = env::args().nth(1).expect("the name of a .bin file");
    let numbers: Vec<f64> = fs::read(path)?
        .chunks_exact(8)
        .map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap()))
        .collect();
    println!("{} numbers, sum {}", numbers.len(), numbers.iter().sum::<f64>());
    Ok(())
}
