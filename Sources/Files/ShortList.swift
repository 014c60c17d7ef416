/// Names as messages list them: the first few, and how many more there are, as in "q_proj, k_proj and 3 more".
/// - Parameters:
///   - names: of layers, tensors, files or the like, in order.
///   - most: how many are named.
/// - Returns: nothing where there are no names.
package func shortList(_ names: some Collection<String>, most: Int = 1) -> String {
    let more = names.count - most
    return names.prefix(most).joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
}
