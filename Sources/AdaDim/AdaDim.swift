// The one import of a user of the engine: `import AdaDim`.
@_exported import AdaDimLinearAlgebra
@_exported import AdaDimQuantization
@_exported import AdaDimQuantizedMatrices
