import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices
import Testing

@Suite struct GridTests {
    private func roundToNearest(
        _ weight: [Double], bits: Int, symmetric: Bool = false, scaleType: ScaleType = .float32
    ) throws -> QuantizedMatrix {
        let matrix = Matrix<Double>(rowMajor: weight, rows: 1, columns: weight.count)
        let options = QuantizationOptions(.fast) {
            $0.grid.bits = bits
            $0.grid.groupSize = nil
            $0.grid.isSymmetric = symmetric
            $0.grid.scaleType = scaleType
            $0.method = .roundToNearest
            $0.direction = .fixed(.perOutputChannel)
        }
        return try quantize(
            matrix, gram: Gram(Matrix(rows: weight.count, columns: weight.count) { $0 == $1 ? 1 : 0 }, tokens: 1),
            options: options
        ).quantized
    }

    @Test func asymmetricGridByHand() throws {
        // lo −1, hi 2, scale 1, zero 1 at 2 bits; 0.5 and 1.5 are ties and go to even (code − zero of 0 and 2).
        let q = try roundToNearest([-1, 0.5, 1.5, 2], bits: 2)
        #expect(q.scales[0, 0] == 1)
        #expect(q.zeroPoints[0, 0] == 1)
        #expect(q.codes.rowMajorElements == [0, 1, 3, 3])
        #expect(q.dequantized().rowMajorElements == [-1, 0, 2, 2])
    }

    @Test func rangesAlwaysHoldZero() throws {
        let positive = try roundToNearest([3, 6], bits: 2)
        #expect(positive.scales[0, 0] == 2 && positive.zeroPoints[0, 0] == 0)
        #expect(positive.codes.rowMajorElements == [2, 3])  // 1.5 goes to the even 2
        let negative = try roundToNearest([-3, -6], bits: 2)
        #expect(negative.scales[0, 0] == 2 && negative.zeroPoints[0, 0] == 3)
        #expect(negative.dequantized().rowMajorElements == [-4, -6])
    }

    @Test func symmetricGridByHand() throws {
        // scale 2·3/3 = 2, zero 2: values −4, −2, 0, 2; 3 is clamped to 2.
        let q = try roundToNearest([-3, -1, 3, 0.5], bits: 2, symmetric: true)
        #expect(q.scales[0, 0] == 2 && q.zeroPoints[0, 0] == 2)
        #expect(q.dequantized().rowMajorElements == [-4, 0, 2, 0])
    }

    @Test(arguments: [false, true])
    func groupOfZerosGetsScaleOne(_ symmetric: Bool) throws {
        let q = try roundToNearest([0, 0, 0], bits: 4, symmetric: symmetric)
        #expect(q.scales[0, 0] == 1)
        #expect(q.dequantized().rowMajorElements == [0, 0, 0])
    }

    /// Zero never leaves the codes' range, though rounding the scale down pushes −lo/scale above the largest code.
    @Test func zeroPointIsClamped() throws {
        let q = try roundToNearest([-1.003, -0.5], bits: 8, scaleType: .bfloat16)
        #expect(q.zeroPoints[0, 0] == 255)
        #expect(q.codes[0, 0] == 0)
    }

    @Test func tinyWeightsGetTheSmallestScale() throws {
        let q = try roundToNearest([1e-9, -1e-9], bits: 4, scaleType: .float16)
        #expect(q.scales[0, 0] == Float(0x1p-24))
        #expect(q.dequantized().rowMajorElements == [0, 0])
    }

    /// Against Float16's own conversion, and bfloat16 by its definition: the top half of a Float, ties to even.
    @Test func scalesAreRoundedAsTheirTypeDoes() {
        var random = NormalGenerator(seed: 12)
        for _ in 0..<20_000 {
            let exponent = Int.random(in: -30...20, using: &random)
            let x = Float(sign: .plus, exponent: exponent, significand: Float.random(in: 1..<2, using: &random))
            #expect(ScaleType.float16.round(x) == Float(Float16(x)))
            let bits = x.bitPattern
            let rounded = Float(bitPattern: (bits &+ 0x7fff &+ ((bits >> 16) & 1)) & 0xffff_0000)
            #expect(ScaleType.bfloat16.round(x) == rounded)
            #expect(ScaleType.float32.round(Double(x) * (1 + 1e-9)) == Double(Float(Double(x) * (1 + 1e-9))))
        }
        #expect(ScaleType.float16.round(Float(65519)) == 65504)
        #expect(ScaleType.float16.round(Float(65520)) == .infinity)
        #expect(ScaleType.bfloat16.greatestFiniteMagnitude == Double(Float(bitPattern: 0x7f7f_0000)))
        #expect(ScaleType.float32.greatestFiniteMagnitude == Double(Float.greatestFiniteMagnitude))
        #expect(ScaleType.float16.leastNonzeroMagnitude == Double(Float16.leastNonzeroMagnitude))
    }

    /// Every weight lies within half a step of its value (clamping aside, which a step's rounding may cause at the
    /// ends).
    @Test(arguments: QuantizationOptions.Grid.supportedBits, ChannelDimension.allCases)
    func roundToNearestIsNearest(_ bits: Int, _ dimension: ChannelDimension) throws {
        let layer = RandomLayer(out: 33, in: 50, seed: 90)
        let options = QuantizationOptions(.fast) {
            $0.grid.bits = bits
            $0.grid.groupSize = 16
            $0.method = .roundToNearest
            $0.direction = .fixed(dimension)
        }
        let q = try quantize(layer.weight, activations: layer.activations, options: options).quantized
        let values = q.dequantized()
        for i in 0..<33 {
            for j in 0..<50 {
                let (r, c) = dimension == .perOutputChannel ? (i, j / 16) : (i / 16, j)
                let scale = Double(q.scales[r, c])
                // bfloat16 rounds a scale by at most 2⁻⁹ of itself: the range shrinks by at most that, spread over its
                // ends.
                let allowed = scale * (0.5 + Double(q.grid.largestCode) / 256)
                #expect(abs(layer.weight[i, j] - Double(values[i, j])) <= allowed)
                #expect(Int(q.codes[i, j]) <= q.grid.largestCode)
            }
        }
    }
}

extension QuantizedMatrix {
    fileprivate var grid: UniformGrid { UniformGrid(bits: bits) }
}
