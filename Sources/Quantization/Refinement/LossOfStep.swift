/// How the loss of one row changes with a step of a scale and of an offset, codes fixed: with E = W − Q, Q = s·c − o·t on some
/// columns and zero on the others, and R = E·H,
///
///     L(s + δ, o + ε) − L(s, o) = δ²·cHcᵀ − 2δε·tHcᵀ + ε²·tHtᵀ − 2δ·c·R + 2ε·t·R
struct LossOfStep {
    var cHc = 0.0
    var tHc = 0.0
    var tHt = 0.0
    var cR = 0.0
    var tR = 0.0
    /// What the computed squares may be off by, as a share of δ² and of ε²: of inputs that are nearly dependent the products of a
    /// row may cancel to nothing but their rounding.
    var cRounding = 0.0
    var tRounding = 0.0

    /// The change of the loss, at worst.
    func change(_ scale: Double, _ offset: Double) -> Double {
        let squares = scale * scale * (cHc + cRounding) + offset * offset * (tHt + tRounding)
        return squares - 2 * scale * offset * tHc - 2 * scale * cR + 2 * offset * tR
    }

    /// The best step of the scale, the offset following it or not.
    func bestScale(withOffset: Bool) -> Double {
        if withOffset {
            let determinant = cHc * tHt - tHc * tHc
            if determinant > 1e-6 * cHc * tHt { return (cR * tHt - tHc * tR) / determinant }
        }
        return cHc > cRounding ? cR / cHc : 0
    }

    /// The best step of the offset beside one of the scale.
    func bestOffset(beside scale: Double) -> Double {
        tHt > tRounding ? (scale * tHc - tR) / tHt : 0
    }
}
