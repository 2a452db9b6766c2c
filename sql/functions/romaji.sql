create function romaji(p_key text) returns text
language plpgsql immutable
set search_path from current
as $$
declare
    v_kana constant jsonb := '{
        "あ": "a", "い": "i", "う": "u", "え": "e", "お": "o", "か": "ka", "き": "ki", "く": "ku", "け": "ke", "こ": "ko",
        "さ": "sa", "し": "shi", "す": "su", "せ": "se", "そ": "so", "た": "ta", "ち": "chi", "つ": "tsu", "て": "te", "と": "to",
        "な": "na", "に": "ni", "ぬ": "nu", "ね": "ne", "の": "no", "は": "ha", "ひ": "hi", "ふ": "fu", "へ": "he", "ほ": "ho",
        "ま": "ma", "み": "mi", "む": "mu", "め": "me", "も": "mo", "ら": "ra", "り": "ri", "る": "ru", "れ": "re", "ろ": "ro",
        "が": "ga", "ぎ": "gi", "ぐ": "gu", "げ": "ge", "ご": "go", "ざ": "za", "じ": "ji", "ず": "zu", "ぜ": "ze", "ぞ": "zo",
        "だ": "da", "ぢ": "ji", "づ": "zu", "で": "de", "ど": "do", "ば": "ba", "び": "bi", "ぶ": "bu", "べ": "be", "ぼ": "bo",
        "ぱ": "pa", "ぴ": "pi", "ぷ": "pu", "ぺ": "pe", "ぽ": "po", "や": "ya", "ゆ": "yu", "よ": "yo", "わ": "wa", "を": "o",
        "ん": "n", "ゔ": "vu", "ぁ": "a", "ぃ": "i", "ぅ": "u", "ぇ": "e", "ぉ": "o", "ゃ": "ya", "ゅ": "yu", "ょ": "yo",
        "きゃ": "kya", "きゅ": "kyu", "きょ": "kyo", "にゃ": "nya", "にゅ": "nyu", "にょ": "nyo", "ひゃ": "hya", "ひゅ": "hyu",
        "ひょ": "hyo", "みゃ": "mya", "みゅ": "myu", "みょ": "myo", "りゃ": "rya", "りゅ": "ryu", "りょ": "ryo", "ぎゃ": "gya",
        "ぎゅ": "gyu", "ぎょ": "gyo", "びゃ": "bya", "びゅ": "byu", "びょ": "byo", "ぴゃ": "pya", "ぴゅ": "pyu", "ぴょ": "pyo",
        "しゃ": "sha", "しゅ": "shu", "しょ": "sho", "ちゃ": "cha", "ちゅ": "chu", "ちょ": "cho", "じゃ": "ja", "じゅ": "ju", "じょ": "jo",
        "ふぁ": "fa", "ふぃ": "fi", "ふぇ": "fe", "ふぉ": "fo", "ゔぁ": "va", "ゔぃ": "vi", "ゔぇ": "ve", "ゔぉ": "vo", "てぃ": "ti",
        "でぃ": "di", "ちぇ": "che", "しぇ": "she", "じぇ": "je", "うぃ": "wi", "うぇ": "we", "うぉ": "wo"}';
    v_text text := translate(p_key,
        'ァアィイゥウェエォオカガキギクグケゲコゴサザシジスズセゼソゾタダチヂッツヅテデトドナニヌネノハバパヒビピフブプヘベペホボポマミムメモャヤュユョヨラリルレロヮワヰヱヲンヴ',
        'ぁあぃいぅうぇえぉおかがきぎくぐけげこごさざしじすずせぜそぞただちぢっつづてでとどなにぬねのはばぱひびぴふぶぷへべぺほぼぽまみむめもゃやゅゆょよらりるれろゎわゐゑをんゔ');
    v_sign text;
    v_syllable text;
    v_double boolean := false;
    v_at integer := 1;
    v_result text := '';
begin
    while v_at <= length(v_text) loop
        v_sign := substr(v_text, v_at, 1);
        v_syllable := v_kana ->> substr(v_text, v_at, 2);
        v_at := v_at + case when v_syllable is null then 1 else 2 end;
        -- What is neither kana nor Latin (the Chinese characters among them) cannot be read without a dictionary.
        v_syllable := coalesce(v_syllable, v_kana ->> v_sign, case
            when v_sign in ('っ', 'ー') then '' when v_sign ~ '[a-z0-9]' then v_sign else ' ' end);
        v_result := v_result || case when v_double then left(v_syllable, 1) else '' end || v_syllable;
        v_double := v_sign = 'っ';
    end loop;
    return btrim(regexp_replace(v_result, ' +', ' ', 'g'));
end
$$;
comment on function romaji(text) is
    'The kana of a normalised title in Latin letters (はたらく as hataraku), so that it is found among names that are written so. Other
signs than kana and Latin letters become spaces.';
