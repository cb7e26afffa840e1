//! model.
use memwall::model::*;
#[test]
fn same() {
    let mut v: Vec<_> =
        std::fs::read_dir("/work/shared/models/hf").unwrap().map(|e| e.unwrap().path()).collect();
    v.sort();
    let ship: Vec<String> = std::fs::read_dir("workloads/models")
        .unwrap()
        .map(|e| std::fs::read_to_string(e.unwrap().path()).unwrap())
        .collect();
    let mut n = 0;
    let mut shipped = 0;
    for p in v {
        let s = p.to_str().unwrap();
        if !s.ends_with("_config.json") || s.contains("hf_quant") {
            continue;
        }
        let base = p.file_name().unwrap().to_str().unwrap().to_owned();
        let qn = base.replace("_config.json", "_hf_quant_config.json");
        let q = std::fs::read_to_string(s.replace("_config.json", "_hf_quant_config.json")).ok();
        let t = std::time::Instant::now();
        let a = import("m", &std::fs::read_to_string(&p).unwrap(), q.as_deref()).unwrap();
        let dt = t.elapsed();
        let q2 = std::fs::read_to_string(format!("tests/data/models/{qn}")).ok();
        assert_eq!(q.is_some(), q2.is_some(), "{base}");
        match std::fs::read_to_string(format!("tests/data/models/{base}")) {
            Ok(t) => {
                assert!(a == import("m", &t, q2.as_deref()).unwrap(), "{base}");
                n += 1;
            }
            Err(_) => {
                assert!(ship.iter().any(|t| import("m", t, None).unwrap() == a), "{base}");
                shipped += 1;
            }
        }
        println!("{base} {dt:?}");
    }
    println!("{n} {shipped}");
}
