// Android: raw text through MediaPipe's TextClassifier. Not run where it was written: check
// normalise() against normalise_vectors.json before you rely on it.
//
//     implementation("com.google.mediapipe:tasks-text:0.10.+")
//
// Put model.tflite, spec.json and guards.json under assets/. Where spec.json and parity.json say
// that MediaPipe cannot read raw text for this model, run it in LiteRT instead: make the ids as
// classify.py does, from tokenizer.json or vocabulary.txt.

import android.content.Context
import com.google.mediapipe.tasks.text.textclassifier.TextClassifier
import java.text.Normalizer
import java.util.Locale
import org.json.JSONObject

private const val IN_NO_VOCABULARY = "\uDBFF\uDFFF"
private val LEFT_OUT =
    Regex("""[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\p{Cf}\p{Co}\x{fffd}]""")
private val SPACES =
    Regex("""[\t\n\r\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]""")
private val ALONE = Regex(
    """[\p{P}$+<=>^`|~\x{3400}-\x{4dbf}\x{4e00}-\x{9fff}\x{f900}-\x{faff}""" +
        """\x{20000}-\x{2a6df}\x{2a700}-\x{2ceaf}\x{2f800}-\x{2fa1f}]"""
)

/** Answers how much a text resembles those labelled fake, 0 to 1; guards.json comes first. */
class Classifier(context: Context) {
    private val spec = JSONObject(
        context.assets.open("spec.json").bufferedReader().use { it.readText() }
    )
    private val model = TextClassifier.createFromFile(context, "model.tflite")

    fun fakeProbability(text: String): Float {
        val fake = spec.getJSONArray("labels").getString(1)
        val result = model.classify(normalise(text, spec.getJSONObject("tokenizer")))
        val scores = result.classificationResult().classifications().first().categories()
        return scores.first { it.categoryName() == fake }.score()
    }

    /** MediaPipe's first label is the likelier one; the run's threshold may be another than .5. */
    fun flagged(text: String) = fakeProbability(text) >= spec.getDouble("threshold")

    /** No class is called for such a text; runs without a band are never unsure. */
    fun unsure(text: String): Boolean {
        val band = spec.optJSONArray("band") ?: return false
        return fakeProbability(text).toDouble() in band.getDouble(0)..band.getDouble(1)
    }
}

/** Returns a text that MediaPipe's tokenizer splits as the run's splits the original. */
fun normalise(text: String, rule: JSONObject): String =
    if (rule.getString("type") == "wordpiece") normalisePieces(text, rule)
    else normaliseWords(text, rule.getString("normalise"))

private fun normalisePieces(given: String, rule: JSONObject): String {
    var text = given.replace(LEFT_OUT, "").replace(SPACES, " ")
    if (rule.getBoolean("lowercase")) {
        text = text.replace('Σ', 'σ').lowercase(Locale.ROOT)
    }
    if (rule.getBoolean("strip_accents")) {
        text = Normalizer.normalize(text, Normalizer.Form.NFD).replace(Regex("""\p{Mn}"""), "")
    }
    return text.replace(ALONE, " $0 ").replace(Regex("[^ ]{101,}"), IN_NO_VOCABULARY)
}

private fun normaliseWords(given: String, rule: String): String {
    var text = given
    if (rule != "none") text = text.replace('\u0000', ' ').lowercase(Locale.ROOT)
    if (rule == "words") text = text.replace(Regex("""[^\p{L}\p{N}_]+"""), " ").trim(' ')
    if (rule == "characters") {
        val units = Regex("""[a-z0-9_]+|[\p{L}\p{N}_]\p{M}*|\p{M}+""").findAll(text)
        text = units.joinToString(" ") { it.value }
    }
    return text.split(" ").joinToString(" ") { word ->
        word.replace("\u0000", IN_NO_VOCABULARY).ifEmpty { IN_NO_VOCABULARY }
    }
}
