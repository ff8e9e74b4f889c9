"""Stop words: words too common to say what a text is about.

The NLTK lists for English (198) and Russian (151), which extend Snowball's, with `ё` as `е`.
They are compared with whole lower-case words, before stemming.
"""

_ENGLISH = """
a about above after again against ain all am an and any are aren aren't as at be because
been before being below between both but by can couldn couldn't d did didn didn't do does
doesn doesn't doing don don't down during each few for from further had hadn hadn't has hasn
hasn't have haven haven't having he he'd he'll he's her here hers herself him himself his
how i i'd i'll i'm i've if in into is isn isn't it it'd it'll it's its itself just ll m ma
me mightn mightn't more most mustn mustn't my myself needn needn't no nor not now o of off
on once only or other our ours ourselves out over own re s same shan shan't she she'd she'll
she's should should've shouldn shouldn't so some such t than that that'll the their theirs
them themselves then there these they they'd they'll they're they've this those through to
too under until up ve very was wasn wasn't we we'd we'll we're we've were weren weren't what
when where which while who whom why will with won won't wouldn wouldn't y you you'd you'll
you're you've your yours yourself yourselves
"""

_RUSSIAN = """
а без более больше будет будто бы был была были было быть в вам вас вдруг ведь во вот
впрочем все всегда всего всех всю вы где да даже два для до другой его ее ей ему если есть
еще ж же за зачем здесь и из или им иногда их к как какая какой когда конечно кто куда ли
лучше между меня мне много может можно мой моя мы на над надо наконец нас не него нее ней
нельзя нет ни нибудь никогда ним них ничего но ну о об один он она они опять от перед по под
после потом потому почти при про раз разве с сам свою себе себя сейчас со совсем так такой
там тебя тем теперь то тогда того тоже только том тот три тут ты у уж уже хорошо хоть чего
чем через что чтоб чтобы чуть эти этого этой этом этот эту я
"""

STOP_WORDS = frozenset(_ENGLISH.split()) | frozenset(_RUSSIAN.split())
"""Of both languages: a Russian text may quote English and the other way round."""
