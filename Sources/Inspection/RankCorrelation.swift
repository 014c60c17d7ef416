/// Spearman's rank correlation of two rows of numbers, −1 to 1, equal numbers sharing the mean of their ranks; nil where
/// one of the rows holds nothing but equal numbers.
package func rankCorrelation(_ a: [Double], _ b: [Double]) -> Double? {
    precondition(a.count == b.count, "the correlation of \(a.count) numbers with \(b.count)")
    let (x, y) = (ranks(a), ranks(b))
    let mean = Double(a.count - 1) / 2
    var (xx, yy, xy) = (0.0, 0.0, 0.0)
    for i in x.indices {
        let (p, q) = (x[i] - mean, y[i] - mean)
        xx += p * p
        yy += q * q
        xy += p * q
    }
    return xx > 0 && yy > 0 ? xy / (xx * yy).squareRoot() : nil
}

/// The place of each number among all by size, from 0.
private func ranks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = [Double](repeating: 0, count: values.count)
    var start = 0
    while start < order.count {
        var end = start + 1
        while end < order.count && values[order[end]] == values[order[start]] { end += 1 }
        for place in start..<end { ranks[order[place]] = Double(start + end - 1) / 2 }
        start = end
    }
    return ranks
}
