// iOS: raw text through MediaPipe's TextClassifier. Not run where it was written: check normalise()
// against normalise_vectors.json before you rely on it.
//
//     pod 'MediaPipeTasksText'
//
// Add model.tflite, spec.json and guards.json to the bundle. Where spec.json and parity.json say
// that MediaPipe cannot read raw text for this model, run it in LiteRT instead: make the ids as
// classify.py does, from tokenizer.json or vocabulary.txt.

import Foundation
import MediaPipeTasksText

struct Rule: Decodable {
    let type: String
    let normalise: String?
    let lowercase: Bool?
    let strip_accents: Bool?
}

struct Spec: Decodable {
    let labels: [String]
    let threshold: Double
    let band: [Double]?
    let tokenizer: Rule
}

/// Answers how much a text resembles those labelled fake, 0 to 1; guards.json comes first.
final class Classifier {
    private let spec: Spec
    private let model: TextClassifier

    init(folder: URL) throws {
        let content = try Data(contentsOf: folder.appendingPathComponent("spec.json"))
        spec = try JSONDecoder().decode(Spec.self, from: content)
        model = try TextClassifier(modelPath: folder.appendingPathComponent("model.tflite").path)
    }

    func fakeProbability(_ text: String) throws -> Float {
        let result = try model.classify(text: normalise(text, spec.tokenizer))
        let scores = result.classificationResult.classifications[0].categories
        return scores.first { $0.categoryName == spec.labels[1] }!.score
    }

    /// MediaPipe's first label is the likelier one; the run's threshold may be another than .5.
    func flagged(_ text: String) throws -> Bool {
        try Double(fakeProbability(text)) >= spec.threshold
    }

    /// No class is called for such a text; runs without a band are never unsure.
    func unsure(_ text: String) throws -> Bool {
        guard let band = spec.band else { return false }
        return try (band[0]...band[1]).contains(Double(fakeProbability(text)))
    }
}

private let inNoVocabulary = "\u{10ffff}"
private let leftOut = #"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\p{Cf}\p{Co}\x{fffd}]"#
private let spaces =
    #"[\t\n\r\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]"#
private let alone =
    #"[\p{P}$+<=>\^`|~\x{3400}-\x{4dbf}\x{4e00}-\x{9fff}\x{f900}-\x{faff}"#
    + #"\x{20000}-\x{2a6df}\x{2a700}-\x{2ceaf}\x{2f800}-\x{2fa1f}]"#

/// Returns a text that MediaPipe's tokenizer splits as the run's splits the original.
func normalise(_ text: String, _ rule: Rule) -> String {
    rule.type == "wordpiece"
        ? normalisePieces(text, rule) : normaliseWords(text, rule.normalise ?? "none")
}

private func normalisePieces(_ given: String, _ rule: Rule) -> String {
    var text = replaced(replaced(given, leftOut, ""), spaces, " ")
    if rule.lowercase ?? false {
        text = text.unicodeScalars.map { $0.properties.lowercaseMapping }.joined()
    }
    if rule.strip_accents ?? false {
        text = replaced(text.decomposedStringWithCanonicalMapping, #"\p{Mn}"#, "")
    }
    return replaced(replaced(text, alone, " $0 "), "[^ ]{101,}", inNoVocabulary)
}

private func normaliseWords(_ given: String, _ rule: String) -> String {
    var text = given
    if rule != "none" {
        text = text.replacingOccurrences(of: "\0", with: " ")
        // NSString's, which writes a sigma that ends a word as ς, as the run does.
        text = (text as NSString).lowercased(with: Locale(identifier: "en_US_POSIX"))
    }
    if rule == "words" {
        text = replaced(text, #"[^\p{L}\p{N}_]+"#, " ").trimmingCharacters(in: [" "])
    }
    if rule == "characters" {
        text = replaced(text, #"[^\p{L}\p{N}\p{M}_]+"#, " ")
        text = replaced(text, #"([a-z0-9_]+|[\p{L}\p{N}_]\p{M}*|\p{M}+)"#, "$1 ")
        text = replaced(text, " +", " ").trimmingCharacters(in: [" "])
    }
    return text.components(separatedBy: " ").map { word in
        let word = word.replacingOccurrences(of: "\0", with: inNoVocabulary)
        return word.isEmpty ? inNoVocabulary : word
    }.joined(separator: " ")
}

private func replaced(_ text: String, _ pattern: String, _ by: String) -> String {
    text.replacingOccurrences(of: pattern, with: by, options: .regularExpression)
}
